"""`kirdi check-ins`: who came in; by hand, and taken back."""

import asyncio
import os
import re
from dataclasses import asdict
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

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
)
from streamer.domain.actor import Actor
from streamer.embedded.home import kirdi_home
from streamer.errors import InputError

if TYPE_CHECKING:
    from streamer.storage.manual_check_ins import ManualCheckIn
    from streamer.storage.undo import UndoneCheckIn

app = typer.Typer(help="Who came in; by hand, and taken back.", no_args_is_help=True)

COLUMNS = (
    "appointment_ref",
    "patient_ref",
    "method",
    "evidence",
    "camera",
    "device_id",
    "occurred_at",
    "score",
    "pack_id",
    "status",
    "decided_by",
)
UNDONE_COLUMNS = ("undone_at", "undone_by", "undone_reason")
_LONGEST_REASON = 500
_HOUR_AND_MINUTE = re.compile(r"[0-9]{2}:[0-9]{2}")

AppointmentRef = Annotated[str, typer.Argument(help="The clinic's reference.", min=1)]


@app.command("list")
def list_(
    day: DateOption = "today",
    undone: Annotated[
        bool, typer.Option("--undone", help="Also those that were taken back, and why.")
    ] = False,
    by: ByOption = "",
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """List a day's check-ins: who came for what, by which evidence, seen or redeemed where."""
    settings = read_settings(config)
    wanted = day_of(day, settings.site.zone)
    rows = asyncio.run(_list(wanted, undone, settings, by))
    columns = (*COLUMNS, *UNDONE_COLUMNS) if undone else COLUMNS
    print_rows(
        Rows(columns, rows, settings.site.zone), as_json, f"No check-ins on {wanted.isoformat()}."
    )


@app.command()
def add(
    appointment_ref: AppointmentRef,
    reason: Annotated[str, typer.Option("--reason", help="Why no other way was taken; is kept.")],
    at: Annotated[
        str,
        typer.Option(
            "--at",
            metavar="[YYYY-MM-DD ]HH:MM",
            help="When the patient came, in the site's time, where it is written down afterwards: "
            "today or some days ago (arrival.enter_afterwards_days).",
        ),
    ] = "",
    by: ByOption = "",
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check a patient in by hand: the weakest evidence, of the grade manual.

    The time has to lie in the appointment's arrival window. Not for your own patients, if you bill
    them.
    """
    settings = read_settings(config)
    why = _reason(reason)
    came_at = _time_at_site(at, settings.site.zone)
    done = asyncio.run(_add(appointment_ref, acting(settings, by), why, came_at, settings))
    if as_json:
        print_json([asdict(done)])
    else:
        local = done.occurred_at.astimezone(settings.site.zone)
        day = "" if local.date() == datetime.now(local.tzinfo).date() else f"{local:%Y-%m-%d} "
        say(f"{done.appointment_ref}: arrived at {day}{local:%H:%M} ({local.tzinfo}), by hand.")


@app.command()
def undo(
    appointment_ref: AppointmentRef,
    reason: Annotated[str, typer.Option("--reason", help="Why; is kept.")],
    wrong_person: Annotated[
        bool,
        typer.Option(
            "--wrong-person",
            help="Somebody else was taken for the patient: their face counts for nothing that day.",
        ),
    ] = False,
    by: ByOption = "",
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take a check-in back: the appointment is booked again.

    No face by itself arrives at it again. What the clinic's system has gone on with is not taken
    back. Not for your own patients, if you bill them.
    """
    settings = read_settings(config)
    why = _reason(reason)
    done = asyncio.run(_undo(appointment_ref, acting(settings, by), why, wrong_person, settings))
    if as_json:
        print_json([asdict(done)])
        return
    say(f"{done.appointment_ref}: booked again.")
    if done.blocked:
        say(f"The face of {done.patient_ref} counts for nothing on that day any more.")
    if done.same_sighting:
        say(f"Arrived by the same sighting, and not undone: {', '.join(done.same_sighting)}")


def _reason(text: str) -> str:
    why = " ".join(text.split())
    if not why:
        raise InputError("--reason: is empty; say why in a few words")
    if len(why) > _LONGEST_REASON:
        raise InputError(f"--reason: is longer than {_LONGEST_REASON} characters")
    return why


def _time_at_site(text: str, zone: ZoneInfo) -> datetime | None:
    if not text:
        return None
    day, _, hour = text.rpartition(" ")
    try:
        at = time.fromisoformat(hour) if _HOUR_AND_MINUTE.fullmatch(hour) else None
        on = date.fromisoformat(day) if day else datetime.now(zone).date()
    except ValueError:
        at = None
    if at is None:
        raise InputError(
            f"--at {text}: is no time at the site ({zone}); write HH:MM, such as 09:05, or with "
            "its day 2026-11-23 09:05"
        )
    early, late = (datetime.combine(on, at, zone).replace(fold=fold) for fold in (0, 1))
    if early.utcoffset() != late.utcoffset():
        # Guessing would move an arrival by an hour.
        exists = early.astimezone(UTC).astimezone(zone).time() == at
        raise InputError(
            f"--at {text}: {'happens twice' if exists else 'does not exist'} that day at the site "
            f"({zone}), whose clocks change then; write the nearest time beside that hour, and the "
            "true one in --reason"
        )
    return early


async def _list(wanted: date, undone: bool, settings: Settings, by: str) -> list[dict[str, object]]:
    from streamer.backend import open_backend

    async with open_backend(settings, kirdi_home(os.environ), SystemClock()) as backend:
        rows = await backend.listing.check_ins(wanted, acting(settings, by), undone)
        return [asdict(row) for row in rows]


async def _add(
    appointment_ref: str, actor: Actor, reason: str, at: datetime | None, settings: Settings
) -> "ManualCheckIn":
    from streamer.backend import open_backend

    async with open_backend(settings, kirdi_home(os.environ), SystemClock()) as backend:
        return await backend.manual_check_ins.add(appointment_ref, actor, reason, at)


async def _undo(
    appointment_ref: str, actor: Actor, reason: str, wrong_person: bool, settings: Settings
) -> "UndoneCheckIn":
    from streamer.backend import open_backend

    async with open_backend(settings, kirdi_home(os.environ), SystemClock()) as backend:
        return await backend.undo.undo(appointment_ref, actor, reason, wrong_person)
