"""What is sent to the API passes the checks of the imports; errors name place and member only."""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from streamer.domain.rows import over, selected, where
from streamer.errors import InputError
from streamer.exchange.appointments_csv import sent_appointments
from streamer.exchange.patients_csv import sent_patients

ALMATY = ZoneInfo("Asia/Almaty")
APPOINTMENT: dict[str, Any] = {
    "appointment_ref": "A-1",
    "patient_ref": "P-1",
    "practitioner_ref": "D-1",
    "practitioner_name": "Dr  Kim",
    "service_code": "A02",
    "service_name": "visit",
    "starts_at": datetime(2026, 11, 30, 9, tzinfo=timezone(timedelta(hours=5))),
    "ends_at": datetime(2026, 11, 30, 9, 20, tzinfo=timezone(timedelta(hours=5))),
    "status": "booked",
}


def test_what_is_left_out_stays_and_null_clears() -> None:
    (full,) = sent_patients(
        [
            {
                "patient_ref": "P-1",
                "full_name": " Aigul  Ivanova",
                "birth_date": date(1990, 5, 4),
                "phone": "8 701 234 56 78",
                "guardian_refs": ["P-3", "P-2"],
                "is_staff": True,
            }
        ]
    )
    assert full.full_name == "Aigul Ivanova"
    assert (full.phone, full.guardian_refs) == ("+77012345678", ("P-2", "P-3"))
    assert (full.birth_date, full.is_staff) == (date(1990, 5, 4), True)
    rows = sent_patients([{"patient_ref": "P-1", "full_name": "A", "phone": None}])
    changed = over(full, rows[0], rows)
    assert (changed.phone, changed.birth_date) == (None, date(1990, 5, 4))


def test_times_are_instants() -> None:
    (one,) = sent_appointments([APPOINTMENT], ALMATY, ("main",))
    assert one.starts_at == datetime(2026, 11, 30, 4, tzinfo=UTC)
    assert one.practitioner_name == "Dr Kim"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"phone": "geheim"}, "patients[1].phone: is no phone number"),
        ({"full_name": "geheim\x07"}, "patients[1].full_name: holds a control character"),
        ({"full_name": " \u00a0"}, "patients[1].full_name: is empty"),
        ({"full_name": "g" * 5000}, "patients[1].full_name: is longer than"),
        ({"id_type": "iin", "id_number": "123"}, "patients[1].id_number: "),
        ({"id_number": "123"}, "patients[1].id_type: is empty beside"),
        ({"language": "geheim"}, "patients[1].language: "),
        (
            {"attached_from": date(2026, 2, 1), "attached_to": date(2026, 1, 1)},
            "patients[1].attached_to: is before",
        ),
    ],
)
def test_what_cannot_be_kept_is_named_by_its_place(more: dict[str, Any], said: str) -> None:
    first = {"patient_ref": "P-1", "full_name": "A"} | dict.fromkeys(more)
    first["full_name"] = "A"
    with pytest.raises(InputError) as raised:
        sent_patients([first, {"patient_ref": "P-2", "full_name": "B"} | more])
    assert str(raised.value).startswith(said)
    assert "geheim" not in str(raised.value)


def test_all_have_the_same_members() -> None:
    records = [{"patient_ref": "P-1", "full_name": "A"}, {"patient_ref": "P-2"}]
    with pytest.raises(InputError, match=r"patients\[1\]: has other members than patients\[0\]"):
        sent_patients(records)


def test_a_building_has_to_be_one_of_the_sites() -> None:
    with pytest.raises(InputError, match=r"appointments\[0\].building: is none of site.buildings"):
        sent_appointments([APPOINTMENT | {"building": "annex"}], ALMATY, ("main",))


def test_places_stay_known_when_some_are_left_out() -> None:
    rows = sent_patients([{"patient_ref": f"P-{n}", "full_name": "A"} for n in range(3)])
    kept = selected(rows, [(2, rows[2])])
    assert where(kept, 0, "phone") == "patients[2].phone"
