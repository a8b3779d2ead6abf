"""A report says which settings its figures rest on, and a revision which of them were changed."""

import dataclasses
import json
from typing import Any

from config.settings import Settings
from streamer.domain.report.report import Report
from streamer.reporting.notices import SETTING, settings_changed, settings_told
from tests.unit.reports.facts import a_day
from tests.unit.reports.test_report_maker import Made


def told(**given: Any) -> dict[str, str]:
    settings = Settings.model_validate({"site": {"id": "s", "name": "S"}, **given})
    return dict(settings_told(settings))


def report(**given: Any) -> Report:
    notices = [(SETTING, {"setting": name, "value": one}) for name, one in told(**given).items()]
    return dataclasses.replace(Made([a_day()]).report, notices=tuple(notices))


def test_the_default_is_nothing_to_tell() -> None:
    assert told() == {}
    assert told(reports={"per_day": 60, "full_coverage": 0.95, "rules_off": ["duplicate"]}) == {}


def test_every_setting_that_differs_is_told_with_its_value() -> None:
    given = {
        "per_day": 100_000,
        "full_coverage": 0.97,
        "entrances": {"main": ["front", "side"]},
        "exempt": [],
    }
    assert told(reports=given, arrival={"closes_after_min": 5}) == {
        "reports.per_day": "100000",
        "reports.full_coverage": "0.97",
        "reports.entrances": '{"main": ["front", "side"]}',
        "reports.exempt": "[]",
        "arrival.closes_after_min": "5",
    }


def test_a_long_table_is_told_by_its_beginning_and_a_digest() -> None:
    fits = {f"A{number:04}": "female" for number in range(300)}
    other = fits | {"A0299": "male"}
    first, second = (told(reports={"fits": one})["reports.fits"] for one in (fits, other))
    assert first != second
    assert first.startswith(json.dumps(fits)[:100])
    assert len(first) < 250
    turned = dict(reversed(fits.items()))
    assert told(reports={"fits": turned})["reports.fits"] == first


def test_what_was_changed_since_the_revision_before() -> None:
    usual = report()
    strict = report(reports={"per_day": 30, "per_hour": 6})
    assert settings_changed(usual, strict) == {
        "settings.reports.per_day": (0, 1),
        "settings.reports.per_hour": (0, 1),
    }
    # Also where another value took the place of one, and where the default is back.
    stricter = report(reports={"per_day": 20, "per_hour": 6})
    assert settings_changed(strict, stricter) == {"settings.reports.per_day": (0, 1)}
    assert settings_changed(strict, usual) == settings_changed(usual, strict)
    assert settings_changed(strict, strict) == {}
