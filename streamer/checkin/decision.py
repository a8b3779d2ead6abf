"""From an identity to what may happen to today's appointments. A pure function."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from streamer.domain.appointment import Appointment, AppointmentStatus, Place
from streamer.domain.decision import Decision, Outcome, Reason

_EXPECTED = frozenset({AppointmentStatus.BOOKED, AppointmentStatus.PENDING})
_ALREADY_HERE = frozenset(
    {AppointmentStatus.ARRIVED, AppointmentStatus.CHECKED_IN, AppointmentStatus.FULFILLED}
)


@dataclass(frozen=True, slots=True)
class ArrivalPolicy:
    """When a patient counts as having come for an appointment.

    Attributes:
        opens_before: The window opens so long before the start
        closes_after: and closes so long after it; half-open.
        auto_arrive: May a confident face match write `arrived` by itself?
    """

    opens_before: timedelta
    closes_after: timedelta
    auto_arrive: bool

    def window_open(self, appointment: Appointment, now: datetime) -> bool:
        """Is the appointment's arrival window open?"""
        opens = appointment.starts_at - self.opens_before
        return opens <= now < appointment.starts_at + self.closes_after


def decide(
    appointments: Sequence[Appointment], building: str, policy: ArrivalPolicy, now: datetime
) -> Decision:
    """Decide what a recognised patient's presence means.

    Every appointment whose window is open becomes arrived: who comes once for two visits has come
    for both.

    Args:
        appointments: The patient's, today, at this site.
        building: Where the camera stands.
        policy: The site's rules.
        now: Aware.
    """
    here = [one for one in appointments if one.place is Place.SITE and policy.window_open(one, now)]
    expected = [one for one in here if one.status in _EXPECTED]
    in_building = [one for one in expected if one.building in (None, building)]
    if in_building:
        chosen = tuple(one.appointment_id for one in in_building)
        if policy.auto_arrive:
            return Decision(Outcome.ARRIVE, Reason.WINDOW_OPEN, chosen)
        return Decision(Outcome.REVIEW, Reason.AUTO_ARRIVE_OFF, chosen)
    if expected:
        return Decision(Outcome.IGNORE, Reason.OTHER_BUILDING)
    if any(one.status in _ALREADY_HERE for one in here):
        return Decision(Outcome.IGNORE, Reason.ALREADY_ARRIVED)
    return Decision(Outcome.IGNORE, Reason.NO_OPEN_APPOINTMENT)
