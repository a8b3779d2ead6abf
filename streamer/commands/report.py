"""`kirdi report`: makes reports, writes them into files, lists and checks them."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar
from uuid import UUID

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from config.settings import Settings
from streamer.acting import acting
from streamer.clock import SystemClock
from streamer.commands.by_option import ByOption
from streamer.commands.day import day_of
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
from streamer.domain.consent import Language
from streamer.domain.report.period import Period
from streamer.domain.report.scope import WHOLE_SITE, Scope, ScopeKind
from streamer.embedded.home import kirdi_home
from streamer.errors import AuditError, InputError

if TYPE_CHECKING:
    from streamer.domain.report.revision import Revision, RevisionEntry
    from streamer.reporting.runs import ReportRuns

app = typer.Typer(help="Which appointments have evidence of presence.", no_args_is_help=True)

Found = TypeVar("Found")

COLUMNS = ("from", "to", "revision", "state", "appointments", "unverified", "made", "by", "report")

DateOption = Annotated[
    str | None, typer.Option("--date", metavar="DATE", help="Of one day: today, 2026-12-16.")
]
FromOption = Annotated[
    str | None, typer.Option("--from", metavar="DATE", help="Of the days from this one")
]
ToOption = Annotated[
    str | None, typer.Option("--to", metavar="DATE", help="to this one, both included.")
]
PractitionerOption = Annotated[
    str | None,
    typer.Option("--practitioner", metavar="REF", help="Only what is of this practitioner."),
]
DepartmentOption = Annotated[
    str | None,
    typer.Option("--department", metavar="NAME", help="Only what is of this department."),
]


@app.command("appointment-match")
def appointment_match(
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="Nothing is written over.")
    ],
    day: DateOption = None,
    begins: FromOption = None,
    ends: ToOption = None,
    practitioner: PractitionerOption = None,
    department: DepartmentOption = None,
    form: Annotated[
        str | None,
        typer.Option("--format", help="html, pdf, xlsx, csv or json; else FILE's ending."),
    ] = None,
    language: Annotated[
        Language, typer.Option("--lang", help="Of what is told in words.")
    ] = Language.RU,
    number: Annotated[
        int | None,
        typer.Option("--revision", min=1, help="Make none, but write this one, as it was made."),
    ] = None,
    by: ByOption = "",
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make the report of what is known now, and write it into FILE.

    Where nothing has changed since the newest revision that one is written. FILE is for its owner's
    eyes only, and there whole or not at all.
    """
    from streamer.exchange.private_file import refuse_existing
    from streamer.reporting.forms import FORMS

    settings = read_settings(config)
    period = period_of(day, begins, ends, settings)
    scope = _scope(practitioner, department)
    name = form or output.suffix.removeprefix(".")
    if name not in FORMS:
        raise InputError(f"--format {name or '(none)'}: is none of {', '.join(FORMS)}")
    refuse_existing(output)
    work = _write(settings, acting(settings, by), (period, scope, number), (output, name, language))
    revision = asyncio.run(work)
    told = entry_of(revision.entry) | {"file": output, "digest": revision.digest.hex()}
    if as_json:
        print_json([told])
    else:
        entry = revision.entry
        say(f"{output}: revision {entry.number} of {period.said}, {entry.state.value}.")
        say(f"Digest: {grouped(revision.digest)}")


@app.command("list")
def list_(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """List the revisions that are kept, the newest period first."""
    settings = read_settings(config)

    async def work(runs: "ReportRuns") -> "list[RevisionEntry]":
        return await runs.entries()

    entries = asyncio.run(_with_runs(settings, work))
    rows = [entry_of(one) for one in entries]
    if not as_json:
        zone = settings.site.zone
        for row, one in zip(rows, entries, strict=True):
            row["made"] = f"{one.made_at.astimezone(zone):%Y-%m-%d %H:%M}"
    print_rows(Rows(COLUMNS, rows, settings.site.zone), as_json, "There are no reports yet.")


@app.command()
def run(
    day: DateOption = None,
    begins: FromOption = None,
    ends: ToOption = None,
    by: ByOption = "",
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a report of what is known now, and keep it: a new revision where anything changed."""
    settings = read_settings(config)
    period, who = period_of(day, begins, ends, settings), acting(settings, by)

    async def work(runs: "ReportRuns") -> "Revision":
        with _progress() as told:
            return await runs.make(period, who, told)

    revision = asyncio.run(_with_runs(settings, work))
    entry = revision.entry
    if as_json:
        changes = {name: list(values) for name, values in revision.changes.items()}
        print_json([entry_of(entry) | {"digest": revision.digest.hex(), "changes": changes}])
        return
    say(f"Report {entry.report_id}: revision {entry.number} of {period.said}.")
    say(f"It is {entry.state.value}; {entry.appointments} appointments.")
    for name, (before, after) in revision.changes.items():
        is_setting = name.startswith("settings.")
        say(f"  {name}: changed" if is_setting else f"  {name}: {before} -> {after}")
    say(f"Digest: {grouped(revision.digest)}")


@app.command()
def verify(
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="A report in the form json.")
    ] = None,
    report: Annotated[
        UUID | None, typer.Option("--report", metavar="ID", help="Of a printed report: its id,")
    ] = None,
    number: Annotated[int | None, typer.Option("--revision", min=1, help="revision")] = None,
    digest: Annotated[
        str | None, typer.Option("--digest", metavar="HEX", help="and digest.")
    ] = None,
    practitioner: PractitionerOption = None,
    department: DepartmentOption = None,
    by: ByOption = "",
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check that a file or a printed report is what was made here; ends with 13 if it isn't."""
    from streamer.commands.report_verify import printed_report, report_file

    settings = read_settings(config)
    who = acting(settings, by)
    printed = (report, number, digest, practitioner, department)
    if file is not None and not any(one is not None for one in printed):

        async def work(runs: "ReportRuns") -> tuple["Revision", list[str], int]:
            return await report_file(runs, file, who)

    elif file is None and report is not None and number is not None and digest is not None:
        scope = _scope(practitioner, department)

        async def work(runs: "ReportRuns") -> tuple["Revision", list[str], int]:
            return await printed_report(runs, (report, number, scope), digest, who)

    else:
        raise InputError(
            "give FILE alone, or --report, --revision and --digest of a printed report"
        )
    revision, faults, newest = asyncio.run(_with_runs(settings, work))
    if as_json:
        found = {"sound": not faults, "findings": faults, "newest": newest}
        print_json([entry_of(revision.entry) | found])
    if faults:
        raise AuditError("report: " + "; ".join(faults))
    if not as_json:
        entry = revision.entry
        say(f"This is revision {entry.number} of {entry.period.said}, as it was made.")
        if newest > entry.number:
            say(f"A newer one is kept: revision {newest}.")
        say(f"Digest: {grouped(revision.digest)}")


async def _write(
    settings: Settings,
    who: Actor,
    what: tuple[Period, Scope, int | None],
    where: tuple[Path, str, Language],
) -> "Revision":
    from streamer.exchange.private_file import write_private
    from streamer.reporting.forms import FORMS, pulled

    period, scope, number = what
    path, form, language = where

    async def work(runs: "ReportRuns") -> "Revision":
        if number is None:
            with _progress() as told:
                revision = await runs.make(period, who, told, scope)
        else:
            newest = await runs.newest_of(period)
            if newest is None:
                raise InputError(f"{period.said}: no report of it is kept")
            revision = await runs.revision(newest.entry.report_id, number)
        if scope != WHOLE_SITE:
            revision = await runs.revision(revision.entry.report_id, revision.entry.number, scope)
        # On record before anybody can have the file.
        await runs.record(revision, who, "export", (("form", form),))
        days = pulled(runs.rows(revision), asyncio.get_running_loop())
        pieces = FORMS[form](revision, days, language)
        await asyncio.to_thread(write_private, path, pieces)
        return revision

    return await _with_runs(settings, work)


async def _with_runs(settings: Settings, work: Callable[["ReportRuns"], Awaitable[Found]]) -> Found:
    from streamer.backend import open_backend
    from streamer.reporting.runs import ReportRuns

    async with open_backend(settings, kirdi_home(os.environ), SystemClock()) as backend:
        return await work(ReportRuns(backend))


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None] | None]:
    """Show how far it is, to a terminal only."""
    if not sys.stderr.isatty():
        yield None
        return
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    ) as shown:
        task = shown.add_task("days", total=None)
        yield lambda done, of: shown.update(task, completed=done, total=of)


def period_of(day: str | None, begins: str | None, ends: str | None, settings: Settings) -> Period:
    """Return the period that the options name: a week or month where it is just one.

    Raises:
        InputError: They name none.
    """
    zone = settings.site.zone
    if day is not None and begins is None and ends is None:
        one = day_of(day, zone)
        return Period.of(one, one)
    if day is not None or begins is None or ends is None:
        raise InputError("give --date, or --from and --to")
    first, last = day_of(begins, zone, "--from"), day_of(ends, zone, "--to")
    if last < first:
        raise InputError(f"--to {last}: is before --from {first}")
    return Period.of(first, last)


def _scope(practitioner: str | None, department: str | None) -> Scope:
    if practitioner is not None and department is not None:
        raise InputError("give --practitioner or --department, not both")
    if practitioner is not None:
        return Scope(ScopeKind.PRACTITIONER, practitioner)
    return WHOLE_SITE if department is None else Scope(ScopeKind.DEPARTMENT, department)


def entry_of(entry: "RevisionEntry") -> dict[str, object]:
    """A revision as a row."""
    return {
        "report": entry.report_id,
        "revision": entry.number,
        "kind": entry.period.kind,
        "from": _iso(entry.period.first),
        "to": _iso(entry.period.last),
        "state": entry.state,
        "made": entry.made_at,
        "by": entry.made_by,
        "final_on": entry.final_on,
        "appointments": entry.appointments,
        "unverified": entry.unverified,
        "digest": entry.digest.hex(),
    }


def grouped(digest: bytes) -> str:
    """A digest as it is printed: eight groups of eight."""
    text = digest.hex()
    return " ".join(text[at : at + 8] for at in range(0, len(text), 8))


def _iso(day: date) -> str:
    return day.isoformat()
