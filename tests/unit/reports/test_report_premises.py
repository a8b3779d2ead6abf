"""What the settings mean for reports."""

from datetime import date, time, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from config.reports import Reports, parse_fit
from config.settings import Settings
from streamer.reporting.premises import premises_of, wants_of
from streamer.reports.premises import Entrance, opening_hours


def settings(**more: Any) -> Settings:
    cameras = [
        {"id": name, "kind": kind, "entrance": entrance, "url": "rtsp://10.0.0.5/s"}
        for name, kind, entrance in (
            ("lobby-1", "lobby", "front"),
            ("lobby-2", "lobby", "front"),
            ("kiosk-1", "kiosk", "front"),
            ("desk-cam", "desk", "front"),
        )
    ]
    given: dict[str, Any] = {
        "site": {"id": "s", "name": "S", "opening_hours": {"mon-fri": "08:00-20:00"}},
        "codes": {"devices": {"terminal": "main"}},
        "staff": {"practitioners": {"asel": "D-1"}},
        "cameras": cameras,
    }
    return Settings.model_validate(given | more)


def test_entrances_are_those_that_cameras_name_and_those_that_are_declared() -> None:
    front = Entrance("main", "front", frozenset({"lobby-1", "lobby-2"}))
    assert premises_of(settings()).entrances == (front,)
    declared = premises_of(settings(reports={"entrances": {"main": ["side", "front"]}}))
    assert set(declared.entrances) == {front, Entrance("main", "side", frozenset())}
    # Where nobody is searched for, people are compared at the desk.
    desk = premises_of(settings(recognition={"mode": "desk"}))
    assert desk.entrances == (Entrance("main", "front", frozenset({"desk-cam"})),)


def test_desks_hours_and_cameras() -> None:
    found = premises_of(settings())
    assert found.code_desks == {"main"}
    assert found.kiosks == {"kiosk-1": "main"}
    assert found.known_cameras == {"lobby-1", "lobby-2", "kiosk-1", "desk-cam"}
    assert found.hours[0] == ((time(8), time(20)),)
    assert 5 not in found.hours
    assert found.open_on(date(2026, 11, 28)) is None
    # Cameras that operators added count instead of the file's.
    assert premises_of(settings(), ()).entrances == ()


def test_ranges_of_days_may_go_over_the_weekend() -> None:
    assert set(opening_hours({"sat-mon": "09:00-10:00"})) == {5, 6, 0}
    both = opening_hours({"mon": "09:00-10:00", "mon-tue": "11:00-12:00"})
    assert len(both[0]) == 2


def test_what_is_to_be_read() -> None:
    wants = wants_of(
        settings(reports={"fits": {"F01": "female"}, "screenings": {"c": ["S1", "S2"]}})
    )
    assert wants.profile_codes == ("f01",)
    assert wants.screening_codes == {"S1", "S2"}
    assert wants.buildings["terminal"] == wants.buildings["lobby-1"] == "main"
    assert wants.producers == {"asel": ("D-1",)}
    assert wants.before == timedelta(minutes=240)


@pytest.mark.parametrize(
    ("whom", "wanted"),
    [
        ("female 18-49", ("female", 18, 49)),
        ("male", ("male", None, None)),
        ("0-17", (None, 0, 17)),
        ("65-", (None, 65, None)),
        ("male 40-", ("male", 40, None)),
    ],
)
def test_whom_a_service_is_for(whom: str, wanted: tuple[object, ...]) -> None:
    assert parse_fit("S", whom) == wanted


@pytest.mark.parametrize(
    "wrong",
    [
        {"fits": {"S": "women"}},
        {"fits": {"S": ""}},
        {"fits": {"S": "49-18"}},
        {"fits": {"S": "female18"}},
        {"rules_off": ["overlap"]},
        {"screenings": {"c": ["S1"]}},
        {"screenings": {"c": ["S1", "S1"]}},
        {"per_day_of": {"Surgery": 0}},
        {"least_visits": 10},
        {"full_coverage": 1.5},
        {"full_coverage": 0.94},
        {"full_coverage": float("nan")},
    ],
)
def test_what_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Reports.model_validate(wrong)


def test_an_entrance_of_a_building_that_is_none() -> None:
    with pytest.raises(ValidationError, match=r"'annex' is none of site\.buildings"):
        settings(reports={"entrances": {"annex": ["front"]}})
