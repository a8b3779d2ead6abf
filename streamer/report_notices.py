"""What a reader of a report must know, as codes with parameters. Pure; used by `report_runs`.

Forms have words for each code; docs/reports.md lists them.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime

from config.settings import Settings
from streamer.domain.report.error_accounting import ErrorSource
from streamer.domain.report.period import Period
from streamer.report_errors import MatcherKnown
from streamer.reports.premises import Premises

Notice = tuple[str, Mapping[str, str | int]]


def notices_of(
    settings: Settings, premises: Premises, known: MatcherKnown, period: Period, now: datetime
) -> Iterator[Notice]:
    """Yield them, the gravest first."""
    if premises.day_of(now) <= period.last:
        yield "period_not_over", {"last": period.last.isoformat()}
    for building in premises.buildings:
        if not any(one.building == building for one in premises.entrances):
            yield "building_without_camera", {"building": building}
    for entrance in premises.entrances:
        if not entrance.cameras:
            said = {"building": entrance.building, "entrance": entrance.name}
            yield "entrance_without_camera", said
    if not known.pack_id:
        yield "matcher_unknown", {}
    elif known.source is not ErrorSource.SITE:
        yield "not_calibrated", {"pack": known.pack_id}
    if not known.commercial:
        yield "non_commercial_pack", {"pack": known.pack_id, "licence": known.licence}
    for group in known.weak_for:
        yield "pack_weak_for", {"pack": known.pack_id, "group": group}
    for code in settings.reports.rules_off:
        yield "rule_switched_off", {"rule": code}
