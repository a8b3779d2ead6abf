"""What a reader of a report must know, as codes with parameters. Pure; used by `runs`.

Forms have words for each code; docs/reports.md lists them.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final

from config.settings import Settings
from streamer.domain.report.error_accounting import ErrorSource
from streamer.domain.report.period import Period
from streamer.domain.report.report import Report
from streamer.reporting.error_accounting import MatcherKnown
from streamer.reports.premises import Premises

Notice = tuple[str, Mapping[str, str | int]]

SETTING: Final = "setting_not_default"
# Rules that are off have a notice each; when reports are made again changes no figure.
_NOT_TOLD: Final = frozenset({"rules_off", "remade_at"})
# Of `arrival`: which window has to be covered, and who may be the patient that was seen.
_WINDOW: Final = frozenset(
    {"opens_before_min", "closes_after_min", "presence_before_min", "presence_after_min"}
)
_MOST_SHOWN: Final = 160


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
    for name, value in settings_told(settings).items():
        yield SETTING, {"setting": name, "value": value}


def settings_told(settings: Settings) -> Mapping[str, str]:
    """Return the settings that figures rest on and that differ from the default, as JSON."""
    found = {}
    parts = (
        ("reports", settings.reports, type(settings.reports).model_fields.keys() - _NOT_TOLD),
        ("arrival", settings.arrival, _WINDOW),
    )
    for part, given, names in parts:
        values = given.model_dump(mode="json")
        usual = type(given)().model_dump(mode="json")
        for name in values:
            if name in names and values[name] != usual[name]:
                found[f"{part}.{name}"] = _shown(values[name])
    return found


def settings_changed(former: Report, now: Report) -> Mapping[str, tuple[int, int]]:
    """Return which settings are others than those of the revision before, for its changes.

    Changes are whole numbers: 0 and 1 stand for before and after; the notices have the values.
    """
    before, after = _told(former), _told(now)
    names = sorted(name for name in before | after if before.get(name) != after.get(name))
    return {f"settings.{name}": (0, 1) for name in names}


def _told(report: Report) -> dict[str, str | int]:
    return {str(one["setting"]): one["value"] for code, one in report.notices if code == SETTING}


def _shown(value: object) -> str:
    """A table of hundreds of services would fill the report: its digest tells it from another."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    if len(text) <= _MOST_SHOWN:
        return text
    return f"{text[:_MOST_SHOWN]}… (SHA-256 {hashlib.sha256(text.encode()).hexdigest()[:16]})"
