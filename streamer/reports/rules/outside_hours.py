"""A service given while the site was closed."""

from datetime import UTC, datetime, timedelta

from streamer.domain.rule_code import RuleCode
from streamer.domain.rule_summary import NotEvaluated
from streamer.reports.rules.claim_day import ClaimDay
from streamer.reports.rules.rule_log import RuleLog

CODE = RuleCode.OUTSIDE_HOURS


def find(day: ClaimDay, log: RuleLog) -> None:
    """Only measured times at the site; a holiday is another rule's business."""
    premises = day.premises
    if not premises.hours:
        log.skipped(NotEvaluated.NOT_SET, len(day.claims))
        return
    tolerance = timedelta(minutes=day.settings.hours_tolerance_min)
    spans = [
        (
            datetime.combine(day.day, opens, tzinfo=premises.zone).astimezone(UTC) - tolerance,
            datetime.combine(day.day, closes, tzinfo=premises.zone).astimezone(UTC) + tolerance,
        )
        for opens, closes in premises.hours.get(day.day.weekday(), ())
    ]
    hours = ", ".join(
        f"{opens:%H:%M}-{closes:%H:%M}"
        for opens, closes in premises.hours.get(day.day.weekday(), ())
    )
    measured = [one for one in day.here if one.measured]
    log.skipped(NotEvaluated.NOT_AT_SITE, len(day.claims) - len(day.here))
    log.skipped(NotEvaluated.ENTERED_TIME, len(day.here) - len(measured))
    log.looked(len(measured))
    if day.day in premises.holidays:
        return
    for one in measured:
        at = one.judged.claim.service.performed_at
        for opens, closes in spans:
            if opens <= at < closes:
                break
        else:
            log.found(one.judged, {"performed_at": at, "hours": hours})
