"""Billed as given at home, from afar or by an outreach team, while booked at the site.

Nobody's presence is asked for then, so that whoever bills takes the visit out of every other check.
Information only: plans change, and nobody is at risk for that.
"""

from typing import Final

from streamer.domain.appointment import Place
from streamer.domain.rule_code import RuleCode
from streamer.domain.rule_summary import NotEvaluated
from streamer.reports.rules.claim_day import ClaimDay
from streamer.reports.rules.rule_log import RuleLog

# Asked of every row, and in Python 3.11 naming a member takes longer than whatever is asked.
_SITE: Final = Place.SITE

CODE = RuleCode.BILLED_ELSEWHERE


def find(day: ClaimDay, log: RuleLog) -> None:
    """Compare with the appointment that the claim goes with; without one nothing can be said."""
    without = 0
    for one in day.claims:
        place = one.judged.claim.service.place
        if place is None or place is _SITE:
            continue
        booked = day.own_appointment(one.judged)
        if booked is None:
            without += 1
        elif booked.place is _SITE:
            log.found(one.judged, {"place": place.value})
    log.looked(len(day.claims) - without)
    log.skipped(NotEvaluated.NO_APPOINTMENT, without)
