"""From an identity to what may happen to today's appointments. A pure function."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from streamer.domain.appointment import Appointment, AppointmentStatus, Place
from streamer.domain.decision import Decision, Outcome, Reason
from streamer.domain.identity import Band

_EXPECTED = frozenset({AppointmentStatus.BOOKED, AppointmentStatus.PENDING})
_ALREADY_HERE = frozenset(
    {AppointmentStatus.ARRIVED, AppointmentStatus.CHECKED_IN, AppointmentStatus.FULFILLED}
)


class AutoArrive(StrEnum):
    """May an accepted face match write `arrived` by itself? See `config.settings.Match`."""

    CALIBRATED = "calibrated"
    ALWAYS = "always"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class ArrivalPolicy:
    """When a patient counts as having come for an appointment.

    Attributes:
        opens_before: The window opens so long before the start
        closes_after: and closes so long after it; half-open.
        auto_arrive: What an accepted match may do by itself.
        min_liveness: Faces that may more likely be pictures of faces wait for a person; None = no
            face does for that.
    """

    opens_before: timedelta
    closes_after: timedelta
    auto_arrive: AutoArrive
    min_liveness: float | None = None

    def window_open(self, appointment: Appointment, now: datetime) -> bool:
        """Is the appointment's arrival window open?"""
        opens = appointment.starts_at - self.opens_before
        return opens <= now < appointment.starts_at + self.closes_after


@dataclass(frozen=True, slots=True)
class FaceEvidence:
    """What the faces say about one patient, and what is known that bears on it.

    Attributes:
        score: Of this patient.
        band: Of the identity.
        contested: Somebody else comes into question too.
        building: Where the camera stands.
        calibrated: The site has calibrated this model pack on its own patients.
        rejected_score: The highest score of this patient that a person has rejected today.
        liveness: How surely it is a living face and no picture of one, 0 to 1; None = not asked.
    """

    score: float
    band: Band
    contested: bool
    building: str
    calibrated: bool
    rejected_score: float | None = None
    liveness: float | None = None

    def may_be_a_picture(self, min_liveness: float | None) -> bool:
        """Is it doubtful that the face is a living one? Never where nobody asked."""
        if min_liveness is None or self.liveness is None:
            return False
        return self.liveness < min_liveness


def decide(
    evidence: FaceEvidence,
    appointments: Sequence[Appointment],
    policy: ArrivalPolicy,
    now: datetime,
) -> Decision:
    """Decide what a recognised patient's presence means.

    Every appointment whose window is open becomes arrived: who comes once for two visits has come
    for both.

    Args:
        evidence: Of one patient.
        appointments: The patient's, today, at this site.
        policy: The site's rules.
        now: Aware.
    """
    here = [one for one in appointments if one.place is Place.SITE and policy.window_open(one, now)]
    expected = [one for one in here if one.status in _EXPECTED]
    in_building = [one for one in expected if one.building in (None, evidence.building)]
    if in_building:
        outcome, reason = _weigh(evidence, policy)
        chosen = () if outcome is Outcome.IGNORE else in_building
        return Decision(outcome, reason, tuple(one.appointment_id for one in chosen))
    if expected:
        return Decision(Outcome.IGNORE, Reason.OTHER_BUILDING)
    if any(one.status in _ALREADY_HERE for one in here):
        return Decision(Outcome.IGNORE, Reason.ALREADY_ARRIVED)
    return Decision(Outcome.IGNORE, Reason.NO_OPEN_APPOINTMENT)


def _weigh(evidence: FaceEvidence, policy: ArrivalPolicy) -> tuple[Outcome, Reason]:
    """What the evidence is good for, where there is an appointment to arrive at.

    Who was taken for this patient once today will be again. So after a rejection the patient never
    arrives by face alone that day, and a match that is no surer than the rejected one is not even
    shown, unless it is one that would otherwise be accepted.
    """
    rejected = evidence.rejected_score
    unsure = evidence.band is not Band.ACCEPT
    if rejected is not None:
        repeated = unsure and evidence.score <= rejected
        return Outcome.IGNORE if repeated else Outcome.REVIEW, Reason.REJECTED_TODAY
    if evidence.may_be_a_picture(policy.min_liveness):
        return Outcome.REVIEW, Reason.LIVENESS_DOUBT
    if evidence.contested:
        return Outcome.REVIEW, Reason.SEVERAL_CANDIDATES
    if unsure:
        return Outcome.REVIEW, Reason.NOT_SURE
    if policy.auto_arrive is AutoArrive.NEVER:
        return Outcome.REVIEW, Reason.AUTO_ARRIVE_OFF
    if policy.auto_arrive is AutoArrive.CALIBRATED and not evidence.calibrated:
        return Outcome.REVIEW, Reason.NOT_CALIBRATED
    return Outcome.ARRIVE, Reason.WINDOW_OPEN
