"""Which visit somebody is told about who could not arrive."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from streamer.checkin.codes.meant import meant_by
from streamer.checkin.decision import ArrivalPolicy, AutoArrive
from streamer.domain.appointment import Appointment, AppointmentStatus, Place
from streamer.domain.claim import Visit
from streamer.domain.decision import Reason

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
POLICY = ArrivalPolicy(timedelta(minutes=60), timedelta(minutes=30), AutoArrive.ALWAYS)


def visit(
    ref: str,
    minutes: float,
    status: AppointmentStatus = AppointmentStatus.BOOKED,
    building: str | None = None,
    place: Place = Place.SITE,
) -> Visit:
    starts_at = NOW + timedelta(minutes=minutes)
    ends_at = starts_at + timedelta(minutes=15)
    made = Appointment(uuid4(), uuid4(), starts_at, ends_at, status, place, building)
    return Visit(made, ref, 0)


VISITS = [
    visit("tomorrow", 24 * 60),
    visit("next", 90),
    visit("after", 120),
    visit("gone", -60),
    visit("before", -90),
    visit("north", 100, building="north"),
    visit("video", 95, place=Place.REMOTE),
    visit("here", 10, AppointmentStatus.ARRIVED),
    visit("off", 95, AppointmentStatus.CANCELLED),
]


@pytest.mark.parametrize(
    ("reason", "refs"),
    [
        (Reason.EARLY, ["next"]),
        (Reason.LATE, ["gone"]),
        (Reason.OTHER_BUILDING, ["north"]),
        (Reason.ALREADY_ARRIVED, ["here"]),
        (Reason.CANCELLED, ["off"]),
        (Reason.NO_APPOINTMENT, []),
        (Reason.NOSHOW_SET, []),
    ],
)
def test_the_one_that_the_reason_is_about(reason: Reason, refs: list[str]) -> None:
    found = meant_by(reason, VISITS, "main", POLICY, NOW)
    assert [one.appointment_ref for one in found] == refs


def test_hours_before_the_only_visit_it_is_that_one() -> None:
    visits = [visit("gone", -60), visit("far", 9 * 60), visit("farther", 10 * 60)]
    (found,) = meant_by(Reason.EARLY, visits, "main", POLICY, NOW)
    assert found.appointment_ref == "far"
