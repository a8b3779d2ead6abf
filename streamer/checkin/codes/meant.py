"""Which visits a refusal to arrive is about, so that the patient can be told when and where. Pure.

Asked by `checkin.codes.taking` about the appointments of those who are here.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from streamer.checkin.decision import ArrivalPolicy
from streamer.domain.appointment import AppointmentStatus, Place
from streamer.domain.claim import Visit
from streamer.domain.decision import Reason

_EXPECTED: Final = frozenset({AppointmentStatus.BOOKED, AppointmentStatus.PENDING})
HERE: Final = frozenset(
    {AppointmentStatus.ARRIVED, AppointmentStatus.CHECKED_IN, AppointmentStatus.FULFILLED}
)


def meant_by(
    reason: Reason, visits: Sequence[Visit], building: str, policy: ArrivalPolicy, now: datetime
) -> tuple[Visit, ...]:
    """Return them by start; none where the reason is about no visit in particular.

    Args:
        reason: Why nobody arrived.
        visits: Of whoever is here.
        building: Where the code was shown.
        policy: The site's rules.
        now: Aware.
    """
    near = sorted(
        (
            one
            for one in visits
            if one.appointment.place is Place.SITE and policy.near(one.appointment, now)
        ),
        key=lambda one: one.appointment.starts_at,
    )
    here = [one for one in near if one.appointment.building in (None, building)]
    expected = [one for one in here if one.appointment.status in _EXPECTED]
    match reason:
        case Reason.EARLY:
            return tuple(one for one in expected if one.appointment.starts_at > now)[:1] or _next(
                visits, now
            )
        case Reason.LATE:
            return tuple(one for one in expected if one.appointment.starts_at <= now)[-1:]
        case Reason.ALREADY_ARRIVED:
            return tuple(one for one in here if one.appointment.status in HERE)
        case Reason.CANCELLED:
            return tuple(
                one for one in near if one.appointment.status is AppointmentStatus.CANCELLED
            )
        case Reason.OTHER_BUILDING:
            return tuple(
                one
                for one in near
                if one not in here and one.appointment.status in (_EXPECTED | HERE)
            )[:1]
        case _:
            return ()


def _next(visits: Sequence[Visit], now: datetime) -> tuple[Visit, ...]:
    """The first that is still to come: somebody is here hours before it."""
    coming = [
        one
        for one in visits
        if one.appointment.place is Place.SITE
        and one.appointment.status in _EXPECTED
        and one.appointment.starts_at > now
    ]
    return tuple(sorted(coming, key=lambda one: one.appointment.starts_at)[:1])
