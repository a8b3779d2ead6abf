"""`kirdi audit`: who did what, whether that is still as it was written, and all of it in files."""

import asyncio
import os
from collections.abc import Iterator
from dataclasses import asdict
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from config.settings import Settings
from streamer.acting import acting
from streamer.clock import SystemClock
from streamer.commands.by_option import ByOption
from streamer.commands.day import DateOption, day_of
from streamer.commands.invocation import (
    ConfigOption,
    JsonOption,
    Rows,
    print_json,
    print_rows,
    read_settings,
    say,
    warn,
)
from streamer.domain.audit_event import AuditKind
from streamer.embedded.home import kirdi_home
from streamer.errors import AuditError, InputError

if TYPE_CHECKING:
    from streamer.domain.recorded_event import Detail, RecordedEvent
    from streamer.storage.audit_chain import Verdict
    from streamer.storage.audit_check import Checked
    from streamer.storage.audit_log import AuditFilter
    from streamer.storage.checkpoint_file import CheckpointsRead

app = typer.Typer(help="Who did what; and whether the record of it is sound.", no_args_is_help=True)

COLUMNS = ("recorded", "kind", "outcome", "actor", "patient_id", "about", "reason", "detail")
_OUTCOMES = {"0": "ok", "4": "refused", "8": "failed", "12": "failed"}
_PORTION = 500
# Characters, for people; programs are told everything.
_LONGEST_VALUE = 40
_LONGEST_DETAIL = 120


@app.command("list")
def list_(
    day: DateOption = "today",
    begins: Annotated[
        str | None, typer.Option("--from", metavar="DATE", help="Instead of --date: from this day")
    ] = None,
    ends: Annotated[
        str | None, typer.Option("--to", metavar="DATE", help="to this one, both included.")
    ] = None,
    kind: Annotated[
        AuditKind | None, typer.Option("--kind", help="Only what is of this kind.")
    ] = None,
    actor: Annotated[
        str | None, typer.Option("--actor", metavar="NAME", help="Only what they did, as recorded.")
    ] = None,
    patient: Annotated[
        str | None, typer.Option("--patient", metavar="PATIENT_REF", help="Only about this one.")
    ] = None,
    most: Annotated[
        int, typer.Option("--most", min=1, max=100_000, help="So many, the newest.")
    ] = 1000,
    by: ByOption = "",
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """List what was done, the newest first. That you have looked is in the audit, too."""
    from streamer.storage.audit_log import AuditFilter

    settings = read_settings(config)
    first, last = _days(day, begins, ends, settings)
    wanted = AuditFilter(
        begins=_midnight(first, settings),
        ends=_midnight(last + timedelta(days=1), settings),
        kind=None if kind is None else kind.value,
        actor=actor,
        patient_ref=patient,
        most=most,
    )
    events = asyncio.run(_list(wanted, settings, by))
    if as_json:
        print_json([_whole(one) for one in events])
        return
    zone = settings.site.zone
    rows = [_shown(one, settings) for one in events]
    print_rows(Rows(COLUMNS, rows, zone), as_json=False, empty="Nothing of the kind is on record.")
    if any("…" in str(row["detail"]) for row in rows):
        warn(["details that are too long for a line end with …; --json has all of them"])
    if len(events) == most:
        warn([f"only the newest {most} are listed; narrow it down, or give --most"])


@app.command()
def verify(
    checkpoints: Annotated[
        list[Path] | None,
        typer.Option(
            "--checkpoints",
            metavar="FILE",
            help="Checkpoints kept elsewhere, the oldest file first; else audit.checkpoint_file.",
        ),
    ] = None,
    by: ByOption = "",
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check that nobody has changed, removed or moved anything; ends with 13 where somebody has."""
    checked = asyncio.run(_verify(read_settings(config), tuple(checkpoints or ()), by))
    verdict, read, findings = checked.verdict, checked.read, checked.findings
    if as_json:
        print_json(
            [
                {
                    "sound": not findings,
                    "events": verdict.events,
                    "removed_by_retention": verdict.removed,
                    "checkpoints": read.lines,
                    "newest_checkpoint": read.last_at or None,
                    "events_since": verdict.uncovered,
                    "findings": findings,
                    "more_findings": verdict.more,
                    "notes": checked.notes,
                }
            ]
        )
    else:
        for line in findings:
            say(line)
        if verdict.more:
            say(f"and {verdict.more} more")
        warn(checked.notes)
    if findings:
        raise AuditError(
            f"audit: is not as it was written (findings: {len(findings) + verdict.more}); keep the "
            "database, its backups and the checkpoints as they are, and find out who could write"
        )
    if not as_json:
        for line in _soundness(verdict, read):
            say(line)


@app.command()
def export(
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="FHIR AuditEvent, one a line.")
    ],
    by: ByOption = "",
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write everything into FILE, and the chains beside it for whoever wants to check them.

    docs/audit.md says how they are checked without Kirdi. The export is in the audit, too.
    """
    from streamer.exchange.audit_export import chain_path

    settings = read_settings(config)
    if output.suffix == "":
        raise InputError(f"-o {output}: name it with an ending, such as audit.ndjson")
    events = asyncio.run(_export(output, settings, by))
    chain = chain_path(output)
    if as_json:
        print_json([{"file": output, "chain": chain, "events": events}])
    else:
        say(f"{output}: {events} events as FHIR AuditEvent; {chain}: the chains.")


async def _list(wanted: "AuditFilter", settings: Settings, by: str) -> "list[RecordedEvent]":
    from streamer.backend import open_backend

    async with open_backend(settings, kirdi_home(os.environ), SystemClock()) as backend:
        return await backend.audit_log.listed(wanted, acting(settings, by))


async def _verify(settings: Settings, given: tuple[Path, ...], by: str) -> "Checked":
    from streamer.backend import open_backend

    async with open_backend(settings, kirdi_home(os.environ), SystemClock()) as backend:
        return await backend.audit_check.run(given, acting(settings, by))


async def _export(output: Path, settings: Settings, by: str) -> int:
    from streamer.backend import open_backend
    from streamer.exchange.audit_export import AuditExport
    from streamer.storage.audit_chain import micros_of

    events = 0
    portion: list[tuple[RecordedEvent, int]] = []
    async with open_backend(settings, kirdi_home(os.environ), SystemClock()) as backend:
        with AuditExport(output) as files:
            async with backend.audit_log.whole(acting(settings, by)) as whole:
                files.lanes(settings.site.id, whole.lanes)
                async for one in whole.events:
                    portion.append((one, micros_of(one.recorded_at)))
                    events += 1
                    if len(portion) == _PORTION:
                        await asyncio.to_thread(files.events, portion)
                        portion = []
                await asyncio.to_thread(files.events, portion)
    return events


def _days(day: str, begins: str | None, ends: str | None, settings: Settings) -> tuple[date, date]:
    zone = settings.site.zone
    if begins is None and ends is None:
        one = day_of(day, zone)
        return one, one
    if begins is None:
        raise InputError("--to: give --from, too")
    first = day_of(begins, zone, "--from")
    last = day_of("today" if ends is None else ends, zone, "--to")
    if last < first:
        raise InputError(f"--to {last}: is before --from {first}")
    return first, last


def _midnight(day: date, settings: Settings) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=settings.site.zone)


def _shown(event: "RecordedEvent", settings: Settings) -> dict[str, object]:
    recorded = event.recorded_at.astimezone(settings.site.zone)
    about = " ".join(filter(None, (event.entity_type, event.entity_id)))
    return {
        "recorded": f"{recorded:%Y-%m-%d %H:%M:%S}",
        "kind": event.kind,
        "outcome": _OUTCOMES.get(event.outcome, event.outcome),
        "actor": event.actor,
        "patient_id": event.patient_id,
        "about": about,
        "reason": event.reason,
        "detail": brief(event.detail),
    }


def brief(detail: "Detail") -> str:
    """What goes with an event, as far as it fits beside the rest; an import names every row."""
    values = (f"{name}={_cut(str(value), _LONGEST_VALUE)}" for name, value in detail)
    return _cut(" ".join(values), _LONGEST_DETAIL)


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"


def _whole(event: "RecordedEvent") -> dict[str, object]:
    values = asdict(event)
    del values["body"], values["site_id"]
    return values | {"hash": event.hash.hex(), "detail": dict(event.detail)}


def _soundness(verdict: "Verdict", read: "CheckpointsRead") -> Iterator[str]:
    yield f"The audit is as it was written: {verdict.events} events, each linked to the one before."
    if verdict.removed:
        yield f"{verdict.removed} older ones were removed by retention, which is on record."
    if read.lines:
        yield (
            f"Checkpoints that agree: {read.lines}, the newest of {read.last_at}; newer events: "
            f"{verdict.uncovered}."
        )
