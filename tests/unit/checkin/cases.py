"""The pieces of which cases of the decision are made."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest

from streamer.checkin.decision import (
    ArrivalPolicy,
    AutoArrive,
    FaceEvidence,
    ShownEvidence,
)
from streamer.domain.appointment import Appointment, AppointmentStatus, Place
from streamer.domain.decision import Decision, Outcome, Reason
from streamer.domain.identity import Band
from streamer.domain.presence import PresenceFlag
from streamer.domain.presence_window import PresenceWindow, closing_times

NOW = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)
# The site closes at 18:00; NOW is 10:00 there.
WINDOW = PresenceWindow(
    before=timedelta(minutes=240),
    after=timedelta(minutes=240),
    at_least_after=timedelta(minutes=30),
    zone=ZoneInfo("Asia/Almaty"),
    closes=closing_times({"mon-fri": "08:00-18:00"}),
)
POLICY = ArrivalPolicy(
    timedelta(minutes=120), timedelta(minutes=30), AutoArrive.ALWAYS, presence=WINDOW
)
SURE = FaceEvidence(5.0, Band.ACCEPT, contested=False, building="main", calibrated=False)
PATIENT = UUID(int=1)


def booked(
    minutes: float = 30,
    status: str = "booked",
    place: str = "site",
    building: str | None = None,
) -> Appointment:
    starts = NOW + timedelta(minutes=minutes)
    return Appointment(
        uuid4(),
        PATIENT,
        starts,
        starts + timedelta(minutes=20),
        AppointmentStatus(status),
        Place(place),
        building,
    )


ARRIVE, REVIEW, IGNORE = Outcome.ARRIVE, Outcome.REVIEW, Outcome.IGNORE
EARLY, LATE, AGAIN = PresenceFlag.EARLY, PresenceFlag.LATE, PresenceFlag.AGAIN
UNBOOKED, CONFLICT = PresenceFlag.UNBOOKED, PresenceFlag.CONFLICT
OTHER_BUILDING = PresenceFlag.OTHER_BUILDING
CODE = ShownEvidence("main")


def flags(decision: Decision) -> list[PresenceFlag]:
    return [one.flag for one in decision.presences]


def case(
    name: str,
    appointment: Appointment,
    outcome: Outcome,
    reason: Reason,
    *presences: PresenceFlag,
) -> Any:
    return pytest.param(appointment, outcome, reason, list(presences), id=name)
