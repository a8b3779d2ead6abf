"""A face enrolled already is found among everybody's; who can't be told apart uses a code."""

import asyncio
from datetime import timedelta

import numpy as np
import pytest
from structlog.testing import capture_logs

from matcher.face import Vector
from streamer.domain.actor import SERVICE
from streamer.domain.template import GalleryKey
from streamer.errors import InputError
from streamer.storage import look_alikes
from streamer.storage.patients_list import PatientRow, PatientsList
from tests.integration.storage.clinic import (
    CHECK_IN,
    LISTER,
    NOW,
    PACK,
    SITE,
    YEAR,
    Clinic,
    booking,
    consent,
    patient,
    vector,
)

WITHIN = 0.33


def near(one: Vector, distance: float) -> Vector:
    other = one.copy()
    other[0] += distance
    return other


async def enrol(clinic: Clinic, number: int, face: Vector, anyway: bool = False) -> tuple[str, ...]:
    ref = f"P-{number}"
    await clinic.consent(consent(ref, f"C-{ref}"))
    return await clinic.enrolments().save(
        ref, f"C-{ref}", face, PACK, 2, NOW, by=SERVICE, alike_within=WITHIN, anyway=anyway
    )


async def expect(clinic: Clinic, *numbers: int) -> None:
    await clinic.import_patients(*(patient(number) for number in numbers))
    await clinic.import_bookings(*(booking(number) for number in numbers))


async def recognisable(clinic: Clinic) -> set[str]:
    """Whose templates may be matched; what may not be must not be readable either."""
    gallery = clinic.gallery(PACK)
    keys: frozenset[GalleryKey] = await gallery.keys(NOW)
    async with clinic.database.postgres.connection() as connection:
        rows = await connection.fetch("SELECT template_id FROM templates")
        everything = frozenset(row["template_id"] for row in rows)
        opened = await gallery.templates(everything, NOW)
        assert {one.template_id for one in opened} == {key.template_id for key in keys}
        refs = await connection.fetch(
            "SELECT patient_ref FROM patients WHERE patient_id = ANY($1)",
            [one.patient_id for one in opened],
        )
    return {row["patient_ref"] for row in refs}


async def listed(clinic: Clinic) -> dict[str, PatientRow]:
    patients = PatientsList(clinic.database.postgres, SITE.id, PACK)
    return {row.patient_ref: row for row in await patients.all(clinic.pages, LISTER)}


async def reads(clinic: Clinic) -> list[tuple[int, int]]:
    """Of each reading of everybody's templates: how many, and how many were alike."""
    async with clinic.database.postgres.connection() as connection:
        rows = await connection.fetch(
            "SELECT templates, cardinality(alike) AS alike FROM template_reads ORDER BY read_id"
        )
    return [(row["templates"], row["alike"]) for row in rows]


async def test_a_face_enrolled_under_another_reference_is_reported(any_clinic: Clinic) -> None:
    clinic = any_clinic
    await expect(clinic, 1, 2, 3)
    assert await enrol(clinic, 1, vector(1)) == ()
    assert await enrol(clinic, 3, vector(3)) == ()
    with pytest.raises(InputError, match=r"P-2: .* already be enrolled as P-1 \(distance 0.20\)"):
        await enrol(clinic, 2, near(vector(1), 0.2))
    assert await recognisable(clinic) == {"P-1", "P-3"}
    assert await clinic.count("templates") == await clinic.count("template_keys") == 2
    assert await reads(clinic) == [(0, 0), (1, 0), (2, 1)], "a refused one is on record, too"


@pytest.mark.parametrize(("distance", "alike"), [(0.0, True), (0.32, True), (0.34, False)])
async def test_how_near_is_too_near(clinic: Clinic, distance: float, alike: bool) -> None:
    await expect(clinic, 1, 2)
    await enrol(clinic, 1, vector(1))
    assert await enrol(clinic, 2, near(vector(1), distance), anyway=True) == (("P-1",) * alike)
    assert await recognisable(clinic) == (set() if alike else {"P-1", "P-2"})


async def test_twins_check_in_by_code_until_one_of_them_withdraws(clinic: Clinic) -> None:
    await expect(clinic, 1, 2, 3)
    await enrol(clinic, 1, vector(1))
    await enrol(clinic, 3, vector(3))
    assert await enrol(clinic, 2, near(vector(1), 0.1), anyway=True) == ("P-1",)
    assert await recognisable(clinic) == {"P-3"}
    rows = await listed(clinic)
    assert {ref: row.looks_like for ref, row in rows.items()} == {
        "P-1": ("P-2",),
        "P-2": ("P-1",),
        "P-3": (),
    }
    assert [row.code_only for row in rows.values()] == [True, True, False]
    await clinic.consents().withdraw("P-1", (CHECK_IN,), SERVICE, NOW)
    assert await recognisable(clinic) == {"P-2", "P-3"}
    assert not (await listed(clinic))["P-2"].code_only


async def test_better_photos_tell_twins_apart(clinic: Clinic) -> None:
    await expect(clinic, 1, 2)
    await enrol(clinic, 1, vector(1))
    await enrol(clinic, 2, near(vector(1), 0.3), anyway=True)
    assert await recognisable(clinic) == set()
    assert await enrol(clinic, 2, near(vector(1), 0.5)) == ()
    assert await recognisable(clinic) == {"P-1", "P-2"}
    assert await clinic.count("look_alikes") == 0


async def test_three_of_a_kind(clinic: Clinic) -> None:
    """The middle one is like both others, who are not like each other."""
    await expect(clinic, 1, 2, 3)
    await enrol(clinic, 1, vector(1))
    await enrol(clinic, 3, near(vector(1), 0.4))
    assert await recognisable(clinic) == {"P-1", "P-3"}
    assert set(await enrol(clinic, 2, near(vector(1), 0.2), anyway=True)) == {"P-1", "P-3"}
    assert await recognisable(clinic) == set()
    await clinic.consents().withdraw("P-2", (CHECK_IN,), SERVICE, NOW)
    assert await recognisable(clinic) == {"P-1", "P-3"}


async def test_enrolling_oneself_anew_is_no_duplicate(clinic: Clinic) -> None:
    await expect(clinic, 1)
    await enrol(clinic, 1, vector(1))
    assert await enrol(clinic, 1, near(vector(1), 0.05)) == ()
    assert await recognisable(clinic) == {"P-1"}


@pytest.mark.parametrize("anyway", [False, True])
async def test_two_at_once_do_not_both_slip_through(clinic: Clinic, anyway: bool) -> None:
    await expect(clinic, 1, 2)
    results = await asyncio.gather(
        enrol(clinic, 1, vector(1), anyway),
        enrol(clinic, 2, near(vector(1), 0.1), anyway),
        return_exceptions=True,
    )
    refused = [one for one in results if isinstance(one, InputError)]
    if anyway:
        assert sorted(len(one) for one in results if isinstance(one, tuple)) == [0, 1]
        assert await recognisable(clinic) == set()
    else:
        assert len(refused) == 1
        assert len(await recognisable(clinic)) == 1


async def test_who_is_not_looked_at(clinic: Clinic) -> None:
    """No other pack's templates, none whose consent is over."""
    await expect(clinic, 1, 2, 3)
    store, minute = clinic.enrolments(), timedelta(minutes=1)
    for number, term in ((1, YEAR), (2, minute), (3, YEAR)):
        await clinic.consent(consent(f"P-{number}", term=term))
    await store.save("P-1", "C-1", vector(1), "other-pack", 2, NOW, by=SERVICE)
    await store.save("P-2", "C-1", vector(1), PACK, 2, NOW, by=SERVICE)
    late = NOW + 2 * minute
    found = await store.save(
        "P-3", "C-1", vector(1), PACK, 2, late, by=SERVICE, alike_within=WITHIN
    )
    assert found == ()
    assert await reads(clinic) == [(0, 0)]


async def test_everybody_is_looked_at_portion_by_portion(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(look_alikes, "_PORTION", 2)
    numbers = range(1, 8)
    await expect(clinic, *numbers, 9)
    for number in numbers:
        await enrol(clinic, number, vector(number))
    faces = np.array([vector(number) for number in numbers])
    with pytest.raises(InputError, match=r"as P-7 \(distance"):
        await enrol(clinic, 9, near(faces[6], 0.1))
    assert (await reads(clinic))[-1] == (7, 1)


async def test_a_damaged_template_hides_nobody_else(clinic: Clinic) -> None:
    await expect(clinic, 1, 2, 3)
    await enrol(clinic, 1, vector(1))
    await enrol(clinic, 2, vector(2))
    await clinic.execute(
        "UPDATE templates SET sealed_vector = '\\x0102' WHERE patient_id = "
        "(SELECT patient_id FROM patients WHERE patient_ref = 'P-2')"
    )
    with capture_logs() as logs, pytest.raises(InputError, match="as P-1"):
        await enrol(clinic, 3, vector(1))
    assert [entry["event"] for entry in logs] == ["template left out", "templates read"]


async def test_a_withdrawal_at_the_same_moment(clinic: Clinic) -> None:
    """Whichever comes first, nobody is left out of the gallery for somebody who is gone."""
    await expect(clinic, 1, 2)
    await enrol(clinic, 1, vector(1))
    await asyncio.gather(
        enrol(clinic, 2, near(vector(1), 0.1), anyway=True),
        clinic.consents().withdraw("P-1", (CHECK_IN,), SERVICE, NOW),
    )
    assert await recognisable(clinic) == {"P-2"}
    assert await clinic.count("look_alikes") == 0
