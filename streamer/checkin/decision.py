"""From evidence of a patient to what may happen to today's appointments. A pure function.

Called by `checkin.service` for faces, and by whoever redeems a code or compares at the desk.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from enum import StrEnum
from uuid import UUID

from streamer.domain.appointment import Appointment, AppointmentStatus, Place
from streamer.domain.decision import Decision, Outcome, Reason, SeenFor
from streamer.domain.identity import Band
from streamer.domain.presence import PresenceFlag
from streamer.domain.presence_window import PresenceWindow

_EXPECTED = frozenset({AppointmentStatus.BOOKED, AppointmentStatus.PENDING})
_ALREADY_HERE = frozenset(
    {AppointmentStatus.ARRIVED, AppointmentStatus.CHECKED_IN, AppointmentStatus.FULFILLED}
)
_CALLED_OFF = frozenset({AppointmentStatus.CANCELLED, AppointmentStatus.ENTERED_IN_ERROR})
# Nothing speaks against the match; the site only wants a person to look at every one.
_HELD_BACK = frozenset({Reason.AUTO_ARRIVE_OFF, Reason.NOT_CALIBRATED})
# What is worth a glance of its own where nothing can become arrived.
WORTH_A_LOOK = frozenset({PresenceFlag.EARLY, PresenceFlag.LATE, PresenceFlag.AGAIN})


class AutoArrive(StrEnum):
    """May an accepted face match write `arrived` by itself? See `config.settings.Match`."""

    CALIBRATED = "calibrated"
    ALWAYS = "always"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class ArrivalPolicy:
    """When a patient counts as having come for an appointment.

    Attributes:
        opens_before: The arrival window opens so long before the start
        closes_after: and closes so long after it; half-open.
        auto_arrive: What an accepted match may do by itself.
        min_liveness: Faces that may more likely be pictures of faces wait for a person; None = no
            face does for that.
        presence: Within it, until the site closes, a seen patient leaves a presence.
    """

    opens_before: timedelta
    closes_after: timedelta
    auto_arrive: AutoArrive
    min_liveness: float | None = None
    presence: PresenceWindow = field(default_factory=PresenceWindow)

    def window_open(self, appointment: Appointment, now: datetime) -> bool:
        """Is the appointment's arrival window open?"""
        return self.arrives_at(appointment.starts_at, now)

    def arrives_at(self, starts_at: datetime, now: datetime) -> bool:
        """Is the arrival window open of what starts then?"""
        return starts_at - self.opens_before <= now < starts_at + self.closes_after

    def near(self, appointment: Appointment, now: datetime) -> bool:
        """Is the appointment's presence window open, which holds the arrival window?"""
        starts_at = appointment.starts_at
        return self.window_open(appointment, now) or self.presence.is_open(starts_at, now)

    def days_within_reach(self, now: datetime) -> Sequence[datetime]:
        """Return the noon of each day of the site that the windows reach into."""
        zone = self.presence.zone
        back = max(self.closes_after, self.presence.after)
        ahead = max(self.opens_before, self.presence.before)
        first, last = ((now + by).astimezone(zone).date() for by in (-back, ahead))
        days = (first + timedelta(days=number) for number in range((last - first).days + 1))
        return [datetime.combine(day, time(12), tzinfo=zone) for day in days]


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
        blocked: A person has said today that who arrived by this patient's face was somebody else.
        undone: Appointments whose check-in a person has undone.
        by_biller: Appointments whose biller enrolled this face, or recorded the consent that it
            rests on.
        attended: A person has picked the patient and stands by: nobody was searched for.
    """

    score: float
    band: Band
    contested: bool
    building: str
    calibrated: bool
    rejected_score: float | None = None
    liveness: float | None = None
    blocked: bool = False
    undone: frozenset[UUID] = frozenset()
    by_biller: frozenset[UUID] = frozenset()
    attended: bool = False

    def may_be_a_picture(self, min_liveness: float | None) -> bool:
        """Is it doubtful that the face is a living one? Never where nobody asked."""
        if min_liveness is None or self.liveness is None:
            return False
        return self.liveness < min_liveness


@dataclass(frozen=True, slots=True)
class ShownEvidence:
    """A code, a document or a person's word: it has been checked and has no score.

    Attributes:
        building: Where it was shown; None where nobody knows, and any will do.
    """

    building: str | None


Evidence = FaceEvidence | ShownEvidence


def decide(
    evidence: Evidence, appointments: Sequence[Appointment], policy: ArrivalPolicy, now: datetime
) -> Decision:
    """Decide what a patient's presence means.

    Every appointment whose arrival window is open becomes arrived: who comes once for two visits
    has come for both. Each other one whose presence window is open gets a presence that says what
    the sighting is for it. Only evidence that could make an appointment arrived without a person
    leaves a presence by itself. Where only the site's rule stands between a match and that, a
    person is asked, and what they confirm leaves the same.

    Args:
        evidence: Of one patient.
        appointments: The patient's, of the days that the windows reach into, at this site.
        policy: The site's rules.
        now: Aware; when the patient was seen.
    """
    outcome, reason = _weigh(evidence, policy)
    if reason is Reason.BLOCKED_TODAY:
        return Decision(outcome, reason)
    sure, held_back = outcome is Outcome.ARRIVE, reason in _HELD_BACK
    at_site = [one for one in appointments if one.place is Place.SITE]
    near = [one for one in at_site if policy.near(one, now)]
    here = [one for one in near if _in_building(one, evidence)]
    seen = _presences(here, policy, now) if sure or held_back else ()
    presences, once_confirmed = (seen, ()) if sure else ((), seen)
    due = [one for one in here if one.status in _EXPECTED and policy.window_open(one, now)]
    if due:
        decision = _arrival(evidence, due, outcome, reason)
        if decision.outcome is Outcome.IGNORE:
            return decision
        return replace(decision, presences=presences, once_confirmed=once_confirmed)
    denied = [one for one in here if one.status is AppointmentStatus.NOSHOW]
    if denied and outcome is not Outcome.IGNORE:
        # Not even a glance settles it: only the clinic's system takes a noshow back.
        return Decision(Outcome.REVIEW, Reason.NOSHOW_SET, _ids(denied), presences, once_confirmed)
    if any(one.flag in WORTH_A_LOOK for one in once_confirmed):
        return Decision(outcome, reason, (), (), once_confirmed)
    why = _why_not(appointments, near, here, policy, now)
    attended = not isinstance(evidence, FaceEvidence) or evidence.attended
    if sure and not presences:
        # Of no appointment: whoever is here is not there.
        if why is Reason.OTHER_BUILDING:
            presences = (SeenFor(PresenceFlag.OTHER_BUILDING, None),)
        elif attended:
            presences = (SeenFor(PresenceFlag.UNBOOKED, None),)
    return Decision(Outcome.IGNORE, why, (), presences)


def next_change(
    evidence: Evidence, appointments: Sequence[Appointment], policy: ArrivalPolicy, now: datetime
) -> datetime | None:
    """When the same evidence would first lead to another decision, by the clock alone.

    Then whoever stands there has to be decided about anew.

    Args:
        evidence: Of one patient.
        appointments: As for `decide`.
        policy: The site's rules.
        now: Aware; of the latest decision.

    Returns:
        When the next window of an expected appointment opens or closes; None = none does.
    """
    moments = [
        moment
        for one in appointments
        if one.place is Place.SITE and one.status in _EXPECTED and _in_building(one, evidence)
        for moment in (
            one.starts_at - policy.presence.before,
            one.starts_at - policy.opens_before,
            one.starts_at + policy.closes_after,
        )
        if moment > now
    ]
    return min(moments, default=None)


def _in_building(one: Appointment, evidence: Evidence) -> bool:
    return evidence.building is None or one.building in (None, evidence.building)


def _arrival(
    evidence: Evidence,
    due: Sequence[Appointment],
    outcome: Outcome,
    reason: Reason,
) -> Decision:
    if outcome is Outcome.IGNORE:
        return Decision(outcome, reason)
    if not isinstance(evidence, FaceEvidence) or evidence.attended:
        return Decision(outcome, reason, _ids(due))
    if outcome is Outcome.REVIEW:
        # Whoever looks should know what only this case asks of them.
        if reason in _HELD_BACK and evidence.by_biller.issuperset(_ids(due)):
            reason = Reason.ENROLLED_BY_BILLER
        return Decision(outcome, reason, _ids(due))
    # What a person has undone no face by itself does again.
    allowed = [one for one in due if one.appointment_id not in evidence.undone]
    if not allowed:
        return Decision(Outcome.REVIEW, Reason.UNDONE_TODAY, _ids(due))
    # Nor what is billed by who made the face the patient's.
    held = [one for one in allowed if one.appointment_id in evidence.by_biller]
    if len(held) == len(allowed):
        return Decision(Outcome.REVIEW, Reason.ENROLLED_BY_BILLER, _ids(held))
    arriving = [one for one in allowed if one not in held]
    return Decision(outcome, reason, _ids(arriving), held=_ids(held))


def _presences(
    here: Sequence[Appointment], policy: ArrivalPolicy, now: datetime
) -> tuple[SeenFor, ...]:
    """What the sighting is for each appointment that does not arrive by it."""
    flags = ((_flag(one, policy, now), one.appointment_id) for one in here)
    return tuple(SeenFor(flag, key) for flag, key in flags if flag is not None)


def _flag(one: Appointment, policy: ArrivalPolicy, now: datetime) -> PresenceFlag | None:
    if one.status in _ALREADY_HERE:
        return PresenceFlag.AGAIN
    if one.status is AppointmentStatus.NOSHOW:
        return PresenceFlag.CONFLICT
    if one.status not in _EXPECTED or policy.window_open(one, now):
        return None
    return PresenceFlag.EARLY if now < one.starts_at else PresenceFlag.LATE


def _why_not(
    appointments: Sequence[Appointment],
    near: Sequence[Appointment],
    here: Sequence[Appointment],
    policy: ArrivalPolicy,
    now: datetime,
) -> Reason:
    """The reason that says most to whoever asks what to do now."""
    expected = [one for one in near if one.status in _EXPECTED]
    if any(policy.window_open(one, now) for one in expected):
        return Reason.OTHER_BUILDING
    arrived = [one for one in here if one.status in _ALREADY_HERE]
    if any(policy.window_open(one, now) for one in arrived):
        return Reason.ALREADY_ARRIVED
    awaited = [one for one in here if one.status in _EXPECTED]
    if any(now < one.starts_at for one in awaited):
        return Reason.EARLY
    if awaited:
        return Reason.LATE
    if arrived:
        return Reason.ALREADY_ARRIVED
    if expected or any(one.status in _ALREADY_HERE for one in near):
        return Reason.OTHER_BUILDING
    if any(one.status is AppointmentStatus.NOSHOW for one in near):
        return Reason.NOSHOW_SET
    if any(one.status in _CALLED_OFF for one in near):
        return Reason.CANCELLED
    elsewhere = [one for one in appointments if one.place is not Place.SITE]
    if any(one.status not in _CALLED_OFF and policy.near(one, now) for one in elsewhere):
        return Reason.NOT_AT_SITE
    if any(_comes_later(one, policy, now) for one in appointments):
        return Reason.EARLY
    return Reason.NO_OPEN_APPOINTMENT if appointments else Reason.NO_APPOINTMENT


def _comes_later(one: Appointment, policy: ArrivalPolicy, now: datetime) -> bool:
    """Is it expected later on this day of the site, in whichever building?"""
    zone = policy.presence.zone
    same_day = one.starts_at.astimezone(zone).date() == now.astimezone(zone).date()
    return one.place is Place.SITE and one.status in _EXPECTED and same_day and one.starts_at > now


def _ids(appointments: Sequence[Appointment]) -> tuple[UUID, ...]:
    return tuple(one.appointment_id for one in appointments)


def _weigh(evidence: Evidence, policy: ArrivalPolicy) -> tuple[Outcome, Reason]:
    """What the evidence is good for, where there is an appointment to arrive at.

    Who was taken for this patient once today will be again. So after a rejection the patient never
    arrives by face alone that day, and a match that is no surer than the rejected one is not even
    shown: a person has answered that question. Reception, who has picked the patient and sees them,
    asks another one: there a match that would otherwise be accepted is shown. After "wrong person"
    no face of this patient counts at all that day.
    """
    if not isinstance(evidence, FaceEvidence):
        return Outcome.ARRIVE, Reason.WINDOW_OPEN
    rejected = evidence.rejected_score
    unsure = evidence.band is not Band.ACCEPT
    if evidence.blocked:
        return Outcome.IGNORE, Reason.BLOCKED_TODAY
    if rejected is not None:
        repeated = evidence.score <= rejected and (unsure or not evidence.attended)
        return Outcome.IGNORE if repeated else Outcome.REVIEW, Reason.REJECTED_TODAY
    if evidence.may_be_a_picture(policy.min_liveness):
        return Outcome.REVIEW, Reason.LIVENESS_DOUBT
    if evidence.contested:
        return Outcome.REVIEW, Reason.SEVERAL_CANDIDATES
    if unsure:
        return Outcome.REVIEW, Reason.NOT_SURE
    if evidence.attended:
        return Outcome.ARRIVE, Reason.WINDOW_OPEN
    if policy.auto_arrive is AutoArrive.NEVER:
        return Outcome.REVIEW, Reason.AUTO_ARRIVE_OFF
    if policy.auto_arrive is AutoArrive.CALIBRATED and not evidence.calibrated:
        return Outcome.REVIEW, Reason.NOT_CALIBRATED
    return Outcome.ARRIVE, Reason.WINDOW_OPEN
