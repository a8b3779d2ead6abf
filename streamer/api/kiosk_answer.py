"""What a kiosk says to somebody, of what came of their code. Pure; used by `api.kiosk`."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final

from streamer.checkin.codes.claim import Answer, Choice, Redeemed
from streamer.domain.decision import Reason
from streamer.domain.ticket import VisitPlace
from streamer.web.models.kiosk import KioskAnswer, KioskChoice, KioskState, KioskVisit

_BY_REASON: Final = {
    Reason.ALREADY_ARRIVED: KioskState.ALREADY,
    Reason.EARLY: KioskState.EARLY,
    Reason.LATE: KioskState.LATE,
    Reason.OTHER_BUILDING: KioskState.OTHER_BUILDING,
    Reason.CANCELLED: KioskState.CANCELLED,
    Reason.NOSHOW_SET: KioskState.RECEPTION,
    Reason.NOT_AT_SITE: KioskState.ELSEWHERE,
    Reason.NO_OPEN_APPOINTMENT: KioskState.NO_APPOINTMENT,
    Reason.NO_APPOINTMENT: KioskState.NO_APPOINTMENT,
}


def references_in(redeemed: Redeemed) -> tuple[str, ...]:
    """Which visits the answer is about."""
    about: Sequence[str]
    if redeemed.answer is Answer.CHOOSE:
        about = [one.appointment_ref for one in redeemed.choices]
    elif redeemed.arrivals:
        about = [one.appointment_ref for one in redeemed.arrivals]
    else:
        about = [one.appointment_ref for one in redeemed.meant]
    return tuple(dict.fromkeys(about))


def kiosk_answer(
    redeemed: Redeemed,
    places: Mapping[str, VisitPlace],
    opens_before: timedelta,
    wait_s: float | None = None,
) -> KioskAnswer:
    """Return what the kiosk says.

    Args:
        redeemed: What came of the code.
        places: Where the visits are that it is about, by reference.
        opens_before: One can arrive so long before a visit begins.
        wait_s: Codes are not looked at here for so long; None = they are.
    """
    if redeemed.answer is Answer.CHOOSE:
        choices = [_choice(one, places) for one in redeemed.choices]
        return KioskAnswer(state=KioskState.CHOOSE, choices=choices)
    visits = [
        KioskVisit(
            starts_at=place.starts_at,
            room=place.room,
            building=place.building,
            ticket=place.ticket,
            opens_at=place.starts_at - opens_before,
        )
        for ref in references_in(redeemed)
        if (place := places.get(ref)) is not None
    ]
    if redeemed.answer is Answer.REFUSED and wait_s is not None:
        # Of the device, and not of the code: how often it was tried here everybody has seen.
        return KioskAnswer(state=KioskState.WAIT, wait_s=max(1, round(wait_s)))
    return KioskAnswer(state=_state(redeemed), visits=visits)


def _state(redeemed: Redeemed) -> KioskState:
    match redeemed.answer:
        case Answer.ARRIVED:
            return KioskState.ARRIVED
        case Answer.DISPUTED:
            return KioskState.DISPUTED
        case Answer.REFUSED:
            return KioskState.REFUSED
        case Answer.AWAY:
            return KioskState.AWAY
        case _:
            if redeemed.to_review or redeemed.reason is None:
                return KioskState.RECEPTION
            return _BY_REASON.get(redeemed.reason, KioskState.RECEPTION)


def _choice(one: Choice, places: Mapping[str, VisitPlace]) -> KioskChoice:
    place = places.get(one.appointment_ref)
    return KioskChoice(
        appointment_ref=one.appointment_ref,
        starts_at=one.starts_at,
        room=None if place is None else place.room,
        person=one.dependant,
    )
