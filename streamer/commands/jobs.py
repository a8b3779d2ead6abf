"""`kirdi jobs`: what was done by itself, when, and how it ended; do one now."""

import asyncio
import os
from dataclasses import asdict
from datetime import datetime, tzinfo
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
from streamer.domain.actor import Actor
from streamer.embedded.home import kirdi_home
from streamer.errors import InputError, KirdiError

if TYPE_CHECKING:
    from streamer.domain.job_run import JobRun
    from streamer.jobs.job_runner import Ended

app = typer.Typer(help="What is done at times of the day.", no_args_is_help=True)

COLUMNS = ("job", "period", "state", "attempts", "started", "ended", "next_try", "error")


@app.command("list")
def list_(
    job: Annotated[str | None, typer.Argument(help="Only this one.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help="So many.")] = 20,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the newest runs: who won, what failed and is tried again, what was given up."""
    settings = read_settings(config)
    runs = asyncio.run(_list(settings, job, limit))
    if as_json:
        print_json([asdict(run) for run in runs])
        return
    zone = settings.site.zone
    shown = [
        asdict(run)
        | {
            name: moment and f"{moment.astimezone(zone):%Y-%m-%d %H:%M:%S}"
            for name, moment in (
                ("started", run.started_at),
                ("ended", run.ended_at),
                ("next_try", run.next_try_at),
            )
        }
        for run in runs
    ]
    print_rows(Rows(COLUMNS, shown), as_json=False, empty="No job has run yet.")


@app.command()
def run(
    name: Annotated[str, typer.Argument(help="Which job, such as retention.")],
    period: Annotated[
        str | None, typer.Option("--period", help="Which period; else the latest that was due.")
    ] = None,
    again: Annotated[
        bool, typer.Option("--again", help="Also one that is done or was given up.")
    ] = False,
    by: ByOption = "",
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Do a job's period now, unless it is done, or somebody is at it. Who does is in the audit."""
    settings = read_settings(config)
    done, ended, found = asyncio.run(_run(settings, name, period, again, acting(settings, by)))
    ending = ended.ending.value
    if ending == "failed":
        raise KirdiError(f"job {name}, period {done}: failed ({ended.error})")
    if ending == "not ours":
        raise InputError(f"job {name}, period {done}: {why_not(found, settings.site.zone)}")
    if as_json:
        print_json([{"job": name, "period": done, "ending": ending, "outcome": ended.outcome}])
    else:
        say(f"Job {name}, period {done}: {ending}.")
        for key, value in (ended.outcome or {}).items():
            say(f"  {key}: {value}")


def why_not(run: "JobRun | None", zone: tzinfo) -> str:
    """Why a period was not to be had."""
    if run is None:
        return "was not to be had; see `kirdi jobs list`"
    if run.state == "done":
        return f"is done, since {_moment(run.ended_at, zone)}; --again does it once more"
    if run.state == "failed":
        return f"was given up ({run.error}); --again tries it once more"
    if run.state == "waiting":
        failed = f"failed ({run.error}) and" if run.error else "was interrupted and"
        return (
            f"{failed} is tried again by itself at {_moment(run.next_try_at, zone)}; --again does "
            "it now"
        )
    return (
        f"runs just now, since {_moment(run.started_at, zone)}; if it was killed, it can be had "
        f"at {_moment(run.lease_until, zone)}"
    )


def _moment(moment: datetime | None, zone: tzinfo) -> str:
    return "?" if moment is None else f"{moment.astimezone(zone):%Y-%m-%d %H:%M:%S}"


async def _list(settings: Settings, job: str | None, limit: int) -> "list[JobRun]":
    from streamer.backend import open_backend

    async with open_backend(settings, kirdi_home(os.environ), SystemClock()) as backend:
        return await backend.job_runs.runs(job, limit)


async def _run(
    settings: Settings, name: str, period: str | None, again: bool, by: Actor
) -> "tuple[str, Ended, JobRun | None]":
    from streamer.backend import open_backend
    from streamer.site_jobs import site_jobs

    async with open_backend(settings, kirdi_home(os.environ), SystemClock()) as backend:
        scheduler = site_jobs(backend)
        await scheduler.refresh()
        wanted = scheduler.due(name, period)
        await backend.audit_log.record_job(name, wanted, again, by)
        done, ended = await scheduler.run_by_hand(name, wanted, asyncio.Event(), again=again)
        runs = await backend.job_runs.runs(name, 1000)
    return done, ended, next((one for one in runs if one.period == done), None)
