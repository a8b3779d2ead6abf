"""What came of a code, in words for whoever works at a terminal. Pure.

Said by `kirdi codes redeem`; `--json` has the codes.
"""

from collections.abc import Iterator
from datetime import timedelta, tzinfo
from typing import Final

from streamer.checkin.codes.claim import Answer, Choice, Redeemed
from streamer.commands.outcome_words import ARRIVAL
from streamer.domain.decision import Reason

_REASONS: Final = {
    Reason.ALREADY_ARRIVED: "is here already",
    Reason.EARLY: "comes too early; the code stays good, show it again later",
    Reason.LATE: "comes too late; see reception",
    Reason.OTHER_BUILDING: "has to go to another building; the code stays good",
    Reason.NOSHOW_SET: "was set to noshow; see reception",
    Reason.CANCELLED: "has a cancelled appointment; see reception",
    Reason.NOT_AT_SITE: "has a visit elsewhere, not here",
    Reason.NO_OPEN_APPOINTMENT: "has no appointment that can be arrived at now",
    Reason.NO_APPOINTMENT: "has no appointment today; the code stays good",
}


def redeemed_words(redeemed: Redeemed, zone: tzinfo, opens_before: timedelta) -> Iterator[str]:
    """Yield the lines.

    Args:
        redeemed: What came of it.
        zone: The site's.
        opens_before: One can arrive so long before an appointment begins.
    """
    for one in sorted(redeemed.arrivals, key=lambda one: one.appointment_ref):
        yield f"{one.appointment_ref}: {ARRIVAL[one.recorded]} ({one.evidence.value})"
    if redeemed.choices:
        yield (
            "With whom? Redeem the code again, once for all who have come, for that uses it up: "
            "--for REF --for REF, or --for all:"
        )
        for choice in redeemed.choices:
            whose = f"dependant {choice.dependant}" if choice.dependant else "the guardian"
            said = "  set to noshow" if choice.denied else ""
            starts = f"{choice.starts_at.astimezone(zone):%H:%M}"
            yield f"  {choice.appointment_ref}  {starts}  {whose}{said}"
    elif redeemed.answer is Answer.NOT_ARRIVED and redeemed.reason is not None:
        yield f"The patient {_reason(redeemed.reason, redeemed.meant, zone, opens_before)}."
    if redeemed.to_review:
        yield "That they are here is kept, and a colleague is asked: kirdi review list."


def _reason(
    reason: Reason, meant: tuple[Choice, ...], zone: tzinfo, opens_before: timedelta
) -> str:
    """Why nobody arrived; when and where, as far as it is about one visit."""
    if meant:
        visit = meant[0]
        ref, at = visit.appointment_ref, visit.starts_at.astimezone(zone)
        if reason is Reason.EARLY:
            opens = (visit.starts_at - opens_before).astimezone(zone)
            return (
                f"comes too early for {ref} ({at:%H:%M}); the code stays good, show it again from "
                f"{opens:%H:%M} on"
            )
        if reason is Reason.LATE:
            return f"comes too late for {ref} ({at:%H:%M}); see reception"
        if reason is Reason.OTHER_BUILDING and visit.building:
            return (
                f"has to go to another building: {visit.building}, for {ref} ({at:%H:%M}); the "
                "code stays good"
            )
    return _REASONS.get(reason, reason.value)
