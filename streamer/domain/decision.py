"""What an identity means for today's appointments."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Outcome(StrEnum):
    """The three things a recognised patient can lead to."""

    ARRIVE = "arrive"
    REVIEW = "review"
    IGNORE = "ignore"


class Reason(StrEnum):
    """Why; written to the log and shown to reception.

    The first four are about the schedule, the others say why a person has to look.
    """

    WINDOW_OPEN = "window_open"
    ALREADY_ARRIVED = "already_arrived"
    NO_OPEN_APPOINTMENT = "no_open_appointment"
    OTHER_BUILDING = "other_building"
    AUTO_ARRIVE_OFF = "auto_arrive_off"
    NOT_CALIBRATED = "not_calibrated"
    NOT_SURE = "not_sure"
    SEVERAL_CANDIDATES = "several_candidates"
    REJECTED_TODAY = "rejected_today"
    LIVENESS_DOUBT = "liveness_doubt"


@dataclass(frozen=True, slots=True)
class Decision:
    """`appointments` names what becomes arrived; empty unless the outcome is ARRIVE or REVIEW."""

    outcome: Outcome
    reason: Reason
    appointments: tuple[UUID, ...] = ()
