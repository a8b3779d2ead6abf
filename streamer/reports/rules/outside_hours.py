"""A service given while the site was closed."""

from datetime import datetime, timedelta

from streamer.domain.appointment import Place
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
            datetime.combine(day.day, opens, tzinfo=premises.zone) - tolerance,
            datetime.combine(day.day, closes, tzinfo=premises.zone) + tolerance,
        )
        for opens, closes in premises.hours.get(day.day.weekday(), ())
    ]
    hours = ", ".join(
        f"{opens:%H:%M}-{closes:%H:%M}"
        for opens, closes in premises.hours.get(day.day.weekday(), ())
    )
    for one in day.claims:
        if one.place is not Place.SITE:
            log.skipped(NotEvaluated.NOT_AT_SITE)
            continue
        if not one.measured:
            log.skipped(NotEvaluated.ENTERED_TIME)
            continue
        log.looked()
        at = one.judged.claim.service.performed_at
        if day.day not in premises.holidays and not any(
            opens <= at < closes for opens, closes in spans
        ):
            log.found(one.judged, {"performed_at": at, "hours": hours})
