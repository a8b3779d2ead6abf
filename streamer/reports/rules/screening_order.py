"""A step of a screening that is billed before the step it follows from."""

from collections.abc import Mapping
from datetime import timedelta

from streamer.domain.rule_code import RuleCode
from streamer.domain.rule_finding import Parameter
from streamer.domain.rule_summary import NotEvaluated
from streamer.reports.rules.claim_day import ClaimDay, RuledClaim
from streamer.reports.rules.rule_log import RuleLog

CODE = RuleCode.SCREENING_ORDER


def find(day: ClaimDay, log: RuleLog) -> None:
    """By days, so that typed times do no harm; steps far apart are different rounds."""
    if not day.settings.screenings:
        log.skipped(NotEvaluated.NOT_SET, len(day.claims))
        return
    before = former_steps(day.settings.screenings)
    round_ = timedelta(days=day.settings.screening_days)
    for code, claims in day.by_code.items():
        former = before.get(code)
        if former is None:
            log.looked(len(claims))
            continue
        for one in claims:
            _step(one, former, day, round_, log)


def former_steps(screenings: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, str]]:
    """Return, by the code of a step, the screening's name and the code of the step before it."""
    return {
        steps[place]: (name, steps[place - 1])
        for name, steps in screenings.items()
        for place in range(1, len(steps))
    }


def _step(
    one: RuledClaim, former: tuple[str, str], day: ClaimDay, round_: timedelta, log: RuleLog
) -> None:
    name, code = former
    known = day.steps.get(one.judged.claim.patient_id, ())
    near = [
        step for step in known if step.service_code == code and abs(step.day - day.day) <= round_
    ]
    if not near:
        log.skipped(NotEvaluated.STEP_MISSING)
        return
    log.looked()
    if all(step.day > day.day for step in near):
        first = min(near, key=lambda step: step.day)
        said: dict[str, Parameter] = {"screening": name, "former": code, "former_on": first.day}
        log.found(one.judged, said, (first.claim_ref,))
