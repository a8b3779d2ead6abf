"""A service given on a day the site is closed."""

from streamer.domain.rule_code import RuleCode
from streamer.domain.rule_summary import NotEvaluated
from streamer.reports.rules.claim_day import ClaimDay
from streamer.reports.rules.rule_log import RuleLog

CODE = RuleCode.ON_HOLIDAY


def find(day: ClaimDay, log: RuleLog) -> None:
    """Only at the site, and only of years whose holidays the settings name."""
    holidays = day.premises.holidays
    if not any(one.year == day.day.year for one in holidays):
        log.skipped(NotEvaluated.NOT_SET, len(day.claims))
        return
    log.skipped(NotEvaluated.NOT_AT_SITE, len(day.claims) - len(day.here))
    log.looked(len(day.here))
    if day.day in holidays:
        for one in day.here:
            log.found(one.judged, {"day": day.day})
