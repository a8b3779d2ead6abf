"""Schedules of the settings and those that were added: which run, and what is refused."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from config.settings import Settings
from streamer.domain.actor import Actor
from streamer.domain.report.kept_schedule import KeptSchedule
from streamer.errors import InputError
from streamer.reporting.schedules import MOST, ReportSchedules, both
from streamer.storage.report_schedules import PostgresReportSchedules
from streamer.web.pages.report_schedules import Times, times_of
from tests.fakes.clock import FakeClock
from tests.integration.storage.reported import report_settings

NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
HEAD = Actor("dina")
GIVEN = {"id": "head", "kind": "week", "cron": "30 6 * * mon", "to": ["archive"]}


def settings() -> Settings:
    return report_settings(
        destinations=[{"id": "archive", "folder": "/srv/reports"}],
        report_schedules=[{"id": "weekly", "kind": "week", "cron": "30 6 * * mon"}],
    )


def kept(schedule_id: str, **more: Any) -> KeptSchedule:
    one = KeptSchedule(
        schedule_id=schedule_id,
        kind="day",
        cron="0 7 * * *",
        forms=("pdf",),
        language="kk",
        to=(),
        every_revision=False,
        paused=False,
        changed_by="dina",
        changed_at=NOW,
    )
    return replace(one, **more)


class Kept:
    """Keeps them in memory."""

    def __init__(self, *held: KeptSchedule) -> None:
        self.held = {one.schedule_id: one for one in held}

    async def listed(self) -> tuple[KeptSchedule, ...]:
        return tuple(self.held.values())

    async def add(self, schedule: KeptSchedule) -> None:
        self.held[schedule.schedule_id] = schedule

    async def change(self, schedule: KeptSchedule) -> None:
        self.held[schedule.schedule_id] = schedule


def schedules(*held: KeptSchedule) -> ReportSchedules:
    store = cast(PostgresReportSchedules, Kept(*held))
    return ReportSchedules(settings(), store, FakeClock(NOW))


def test_the_settings_win_and_what_cannot_be_read_keeps_nobody_from_running() -> None:
    held = [kept("daily"), kept("weekly"), kept("off", paused=True), kept("odd", cron="sometimes")]
    found = both(settings(), held)
    assert [(one.schedule.id, one.kept is None, one.runs) for one in found] == [
        ("weekly", True, True),
        ("daily", False, True),
        ("weekly", False, False),
        ("off", False, False),
    ]


async def test_in_force_are_those_that_run_and_the_next_time_is_the_sites() -> None:
    known = schedules(kept("daily"), kept("weekly"), kept("off", paused=True))
    assert [one.id for one in await known.in_force()] == ["weekly", "daily"]
    due = {one.schedule.id: one.next_due_at for one in await known.listed() if one.kept}
    # 07:00 in Almaty.
    assert due == {
        "daily": datetime(2026, 11, 24, 2, 0, tzinfo=UTC),
        "weekly": None,
        "off": None,
    }


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"id": "weekly"}, "the settings have one of this name"),
        ({"id": "revisions"}, "revisions is the name"),
        ({"id": "Head!"}, "id: "),
        ({"kind": "year"}, "kind: "),
        ({"cron": "30 6 * *"}, "has 4 fields"),
        ({"cron": "* 6 * * *"}, "the minute must be one number"),
        ({"cron": "30 6 31 2 *"}, "is never due"),
        ({"forms": []}, "name one form or more"),
        ({"forms": ["pdf", "pdf"]}, "each once"),
        ({"language": "de"}, "language: "),
        ({"to": ["elsewhere"]}, "name archive"),
        ({"to": ["archive", "archive"]}, "each destination once"),
        ({"secret": "x"}, "secret: "),
    ],
)
async def test_what_cannot_be_used_is_refused_and_says_why(
    wrong: dict[str, Any], said: str
) -> None:
    with pytest.raises(InputError, match=re.escape(said)):
        await schedules().add(GIVEN | wrong, HEAD)


async def test_there_are_not_endlessly_many() -> None:
    known = schedules(*(kept(f"s-{number}") for number in range(MOST)))
    with pytest.raises(InputError, match="remove one first"):
        await known.add(GIVEN, HEAD)


async def test_only_what_is_given_changes_and_a_lost_destination_keeps_nobody_from_pausing() -> (
    None
):
    known = schedules(kept("daily", to=("gone",), every_revision=True))
    changed = await known.change("daily", {"cron": "15 8 * * *"}, Actor("erlan"), paused=True)
    assert changed.kept == kept(
        "daily",
        to=("gone",),
        every_revision=True,
        cron="15 8 * * *",
        paused=True,
        changed_by="erlan",
    )
    with pytest.raises(InputError, match="destination 'lost'"):
        await known.change("daily", {"to": ["lost"]}, HEAD)


async def test_those_of_the_settings_are_changed_there() -> None:
    known = schedules(kept("daily"))
    for work in (known.change("weekly", {}, HEAD, paused=True), known.remove("weekly", HEAD)):
        with pytest.raises(InputError, match="stands in the settings"):
            await work
    with pytest.raises(InputError, match="there is none"):
        await known.change("nothing", {}, HEAD)


@pytest.mark.parametrize(
    ("cron", "times"),
    [
        ("30 6 * * *", Times("06:30", None, None)),
        ("5 17 * * 0", Times("17:05", "mon", None)),
        ("30 6 * * sun", Times("06:30", "sun", None)),
        ("30 6 2 * *", Times("06:30", None, 2)),
        ("30 6 2 * mon", None),
        ("30 6 * 1 *", None),
        ("30 6 * * mon-fri", None),
        ("30 6 */2 * *", None),
    ],
)
def test_simple_times_are_said_in_words(cron: str, times: Times | None) -> None:
    assert times_of(cron) == times
