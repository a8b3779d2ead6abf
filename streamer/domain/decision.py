"""What evidence of a patient's presence means for today's appointments."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from streamer.domain.presence import PresenceFlag


class Outcome(StrEnum):
    """The three things a recognised patient can lead to."""

    ARRIVE = "arrive"
    REVIEW = "review"
    IGNORE = "ignore"


class Reason(StrEnum):
    """Why; written to the log and shown to reception.

    Up to `no_appointment` they are about the schedule, the others say why a person has to look, or
    why a face does not count.
    """

    WINDOW_OPEN = "window_open"
    ALREADY_ARRIVED = "already_arrived"
    EARLY = "early"
    """An appointment of today can be arrived at later."""
    LATE = "late"
    """An appointment of today could have been arrived at."""
    OTHER_BUILDING = "other_building"
    NOSHOW_SET = "noshow_set"
    """The clinic's system says that the patient did not come, and here they are."""
    CANCELLED = "cancelled"
    NOT_AT_SITE = "not_at_site"
    """A visit at home, by video, or elsewhere: a sighting here says nothing about it."""
    NO_OPEN_APPOINTMENT = "no_open_appointment"
    """There are appointments, at another time of the day, or not booked yet."""
    NO_APPOINTMENT = "no_appointment"
    AUTO_ARRIVE_OFF = "auto_arrive_off"
    NOT_CALIBRATED = "not_calibrated"
    NOT_SURE = "not_sure"
    SEVERAL_CANDIDATES = "several_candidates"
    REJECTED_TODAY = "rejected_today"
    LIVENESS_DOUBT = "liveness_doubt"
    UNDONE_TODAY = "undone_today"
    """A person has undone this appointment's check-in."""
    ENROLLED_BY_BILLER = "enrolled_by_biller"
    """Who bills the appointment enrolled this face, or recorded the consent that it rests on."""
    DISPUTED = "disputed"
    """The patient says that whoever was checked in for them was not them."""
    BLOCKED_TODAY = "blocked_today"
    """A person has said that who arrived by this patient's face was somebody else."""


@dataclass(frozen=True, slots=True)
class SeenFor:
    """A presence to be written; `appointment_id` is None where it belongs to no appointment."""

    flag: PresenceFlag
    appointment_id: UUID | None


@dataclass(frozen=True, slots=True)
class Decision:
    """What follows.

    Attributes:
        appointments: What becomes arrived, or would after a look, or is in conflict; empty where
            the outcome is IGNORE, or a look leads to presences only.
        presences: What is written beside it; they change no status.
        once_confirmed: What is written of it if a person says that it is the patient, and else
            never.
        held: What could become arrived as well, and waits for a person to look.
    """

    outcome: Outcome
    reason: Reason
    appointments: tuple[UUID, ...] = ()
    presences: tuple[SeenFor, ...] = ()
    once_confirmed: tuple[SeenFor, ...] = ()
    held: tuple[UUID, ...] = ()

    @property
    def conflicts(self) -> tuple[UUID, ...]:
        """Appointments whose status says that this patient, who is sure to be here, did not come.

        In one order for everybody.
        """
        return tuple(
            sorted(
                one.appointment_id
                for one in self.presences
                if one.flag is PresenceFlag.CONFLICT and one.appointment_id is not None
            )
        )
