"""`kirdi retention`: how long what is kept, what is due, and delete it."""

import asyncio
import os
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

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
    from streamer.domain.retention import RetentionReport

app = typer.Typer(help="How long data is kept, and delete what is due.", no_args_is_help=True)

TERMS = ("term", "days", "older_than")
RUNS = ("started", "ended", "run_by", "rows", "deleted")


@app.command()
def show(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Show the terms, and what the last runs deleted."""
    settings = read_settings(config)
    zone, days = settings.site.zone, settings.retention.days
    cutoffs, reports = asyncio.run(_show(settings))
    if as_json:
        terms = [
            {"term": term, "days": days[term], "older_than": moment}
            for term, moment in cutoffs.items()
        ]
        print_json([{"terms": terms, "runs": [asdict(one) for one in reports]}])
        return
    rows = [
        {"term": term, "days": str(days[term]), "older_than": f"{moment.astimezone(zone):%Y-%m-%d}"}
        for term, moment in cutoffs.items()
    ]
    print_rows(Rows(TERMS, rows), as_json=False, empty="")
    say("")
    runs = [
        {
            "started": f"{one.started_at.astimezone(zone):%Y-%m-%d %H:%M}",
            "ended": one.ended_at and f"{one.ended_at.astimezone(zone):%Y-%m-%d %H:%M}",
            "run_by": one.run_by,
            "rows": str(sum(one.deleted.values())),
            "deleted": _counts(dict(one.deleted)),
        }
        for one in reports
    ]
    print_rows(Rows(RUNS, runs), as_json=False, empty="Nothing was ever deleted by retention.")


@app.command()
def run(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Count what a run would delete, and change nothing.")
    ] = False,
    anyway: Annotated[
        bool,
        typer.Option("--anyway", help="Also where it is more than retention.most_share at once."),
    ] = False,
    by: ByOption = "",
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Delete what is kept no longer. The service does so once a day by itself."""
    settings = read_settings(config)
    actor = acting(settings, by).name
    deleted = asyncio.run(_run(settings, actor, dry_run, anyway))
    if as_json:
        print_json([{"dry_run": dry_run, "deleted": deleted}])
    elif dry_run:
        say(f"Would delete: {_counts(deleted) or 'nothing'}. Nothing was changed.")
    else:
        say(f"Deleted: {_counts(deleted) or 'nothing'}.")


def _counts(deleted: dict[str, int]) -> str:
    return ", ".join(f"{rows} {kind}" for kind, rows in sorted(deleted.items()))


async def _show(settings: Settings) -> "tuple[dict[str, datetime], list[RetentionReport]]":
    from streamer.backend import open_backend

    clock = SystemClock()
    async with (
        open_backend(settings, kirdi_home(os.environ), clock) as backend,
        backend.retention() as keeper,
    ):
        return keeper.cutoffs(clock.now()), await keeper.reports()


async def _run(settings: Settings, by: str, dry_run: bool, anyway: bool) -> dict[str, int]:
    from streamer.backend import open_backend
    from streamer.site_jobs import delete_due

    clock = SystemClock()
    async with open_backend(settings, kirdi_home(os.environ), clock) as backend:
        if dry_run:
            async with backend.retention() as keeper:
                return await keeper.count(clock.now())
        share = None if anyway else settings.retention.most_share
        report = await delete_due(backend, by, asyncio.Event(), share)
        return dict(report.deleted)
