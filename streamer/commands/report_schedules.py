"""`kirdi report schedules`: which reports are made by themselves, beside those of the settings."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from config.settings import Settings
from streamer.acting import acting
from streamer.clock import SystemClock
from streamer.commands.by_option import ByOption
from streamer.commands.invocation import (
    ConfigOption,
    JsonOption,
    Rows,
    print_json,
    print_rows,
    read_settings,
    say,
)
from streamer.embedded.home import kirdi_home

if TYPE_CHECKING:
    from streamer.reporting.schedules import ReportSchedules, ShownSchedule

app = typer.Typer(help="Which reports are made by themselves.", no_args_is_help=True)

COLUMNS = ("id", "kind", "cron", "forms", "language", "to", "source", "state", "next")
Found = TypeVar("Found")
ScheduleId = Annotated[str, typer.Argument(metavar="ID", help="The schedule's name.")]


@app.command("list")
def list_(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """List them, those of the settings first. `kirdi jobs list report-ID` has the runs of one."""
    settings = read_settings(config)
    _print(settings, asyncio.run(_with(settings, lambda known: known.listed())), as_json)


@app.command()
def add(
    schedule_id: ScheduleId,
    kind: Annotated[str, typer.Option("--kind", help="day, week or month.")],
    cron: Annotated[
        str,
        typer.Option("--cron", help="When, in the site's time: '30 6 * * mon' (mon to sun)."),
    ],
    form: Annotated[
        list[str] | None, typer.Option("--form", help="pdf (default), xlsx and so on; repeatable.")
    ] = None,
    to: Annotated[
        list[str] | None,
        typer.Option("--to", metavar="DESTINATION", help="One of the settings; repeatable."),
    ] = None,
    language: Annotated[str, typer.Option("--language", help="kk, ru or en.")] = "ru",
    every_revision: Annotated[
        bool, typer.Option("--every-revision", help="Send more than the first and the final one.")
    ] = False,
    by: ByOption = "",
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add one; running services know it within seconds, and begin with the latest period due."""
    settings = read_settings(config)
    who = acting(settings, by)
    given: dict[str, Any] = {
        "id": schedule_id,
        "kind": kind,
        "cron": cron,
        "forms": form or ["pdf"],
        "language": language,
        "to": to or [],
        "every_revision": every_revision,
    }
    made = asyncio.run(_with(settings, lambda known: known.add(given, who)))
    _print(settings, [made], as_json)


@app.command()
def pause(
    schedule_id: ScheduleId,
    by: ByOption = "",
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make and send nothing by it until it is resumed."""
    _switch(schedule_id, True, by, config, as_json)


@app.command()
def resume(
    schedule_id: ScheduleId,
    by: ByOption = "",
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let it go on; it makes up for what it missed: seven days, two weeks, two months."""
    _switch(schedule_id, False, by, config, as_json)


@app.command()
def remove(schedule_id: ScheduleId, by: ByOption = "", config: ConfigOption = None) -> None:
    """Remove one; what it made stays, and its name is not given again."""
    settings = read_settings(config)
    who = acting(settings, by)
    asyncio.run(_with(settings, lambda known: known.remove(schedule_id, who)))
    say(f"Schedule {schedule_id}: is removed.")


def _switch(
    schedule_id: str, paused: bool, by: str, config: ConfigOption, as_json: JsonOption
) -> None:
    settings = read_settings(config)
    who = acting(settings, by)
    found = asyncio.run(
        _with(settings, lambda known: known.change(schedule_id, {}, who, paused=paused))
    )
    _print(settings, [found], as_json)


def _print(settings: Settings, found: "Sequence[ShownSchedule]", as_json: bool) -> None:
    if as_json:
        print_json(
            [
                one.schedule.model_dump(mode="json")
                | {
                    "source": "settings" if one.kept is None else "console",
                    "paused": one.kept is not None and one.kept.paused,
                    "why_not": one.why_not,
                    "next_due_at": one.next_due_at,
                }
                for one in found
            ]
        )
        return
    zone = settings.site.zone
    rows: list[dict[str, object]] = [
        {
            "id": one.schedule.id,
            "kind": one.schedule.kind,
            "cron": one.schedule.cron,
            "forms": ",".join(one.schedule.forms),
            "language": one.schedule.language,
            "to": ",".join(one.schedule.to),
            "source": "settings" if one.kept is None else "console",
            "state": "runs" if one.runs else one.why_not or "paused",
            "next": one.next_due_at and f"{one.next_due_at.astimezone(zone):%Y-%m-%d %H:%M}",
        }
        for one in found
    ]
    print_rows(Rows(COLUMNS, rows), as_json=False, empty="No report is made by itself.")


async def _with(settings: Settings, work: "Callable[[ReportSchedules], Awaitable[Found]]") -> Found:
    from streamer.backend import open_backend
    from streamer.site_jobs import report_schedules

    async with open_backend(settings, kirdi_home(os.environ), SystemClock()) as backend:
        return await work(report_schedules(backend))
