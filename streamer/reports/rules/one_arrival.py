"""One arrival that serves more practitioners than anybody sees in a day.

A typed time says the day, and not which arrival of that day a claim rests on: where its patient
came again, such a claim without an appointment counts for none.
"""

from typing import Final

from streamer.domain.rule_code import RuleCode
from streamer.domain.rule_summary import NotEvaluated
from streamer.domain.verdict import VerdictGrade
from streamer.reports.rules.claim_day import ClaimDay, RuledClaim
from streamer.reports.rules.rule_log import RuleLog

# Asked of every row, and in Python 3.11 naming a member takes longer than whatever is asked.
_SAME_DAY: Final = VerdictGrade.SAME_DAY

CODE = RuleCode.ONE_ARRIVAL


def find(day: ClaimDay, log: RuleLog) -> None:
    """Every claim that rests on such an arrival stands out; exempt services don't count."""
    # By the bytes of the evidence's id: the hash of an id that was just read takes twice as long.
    resting: dict[bytes, list[RuledClaim]] = {}
    exempt = without = typed = 0
    for one in day.claims:
        evidence = one.judged.verdict.evidence
        if one.exempt:
            exempt += 1
        elif evidence is None:
            without += 1
        elif not one.measured and _of_any_arrival(day, one):
            typed += 1
        else:
            resting.setdefault(evidence.source_id.bytes, []).append(one)
    log.looked(len(day.claims) - exempt - without - typed)
    log.skipped(NotEvaluated.EXEMPT, exempt)
    log.skipped(NotEvaluated.NO_EVIDENCE, without)
    log.skipped(NotEvaluated.ENTERED_TIME, typed)
    most = day.settings.practitioners_per_arrival
    for claims in resting.values():
        if len(claims) <= most:
            continue
        practitioners = len({one.judged.claim.service.practitioner_ref for one in claims})
        if practitioners > most:
            refs = [one.judged.claim.service.claim_ref for one in claims]
            said = {"practitioners": practitioners, "most": most}
            for place, one in enumerate(claims):
                log.found(one.judged, said, (*refs[:place], *refs[place + 1 :]))


def _of_any_arrival(day: ClaimDay, one: RuledClaim) -> bool:
    judged = one.judged
    return (
        judged.verdict.grade is _SAME_DAY
        and judged.claim.patient_id in day.came_again
        and day.own_appointment(judged) is None
    )
