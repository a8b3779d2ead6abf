"""`kirdi consents`: what patients agreed to, and what became of it."""

import asyncio
import os
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from enum import StrEnum
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
from streamer.domain.consent import (
    ConsentGiven,
    ConsentPurpose,
    EndReason,
    IdentityCheck,
    Language,
)
from streamer.domain.erasure_receipt import ErasureReceipt
from streamer.embedded.home import kirdi_home
from streamer.errors import InputError
from streamer.patients.consent_days import term_of

if TYPE_CHECKING:
    from streamer.domain.consent_entry import ConsentEntry
    from streamer.storage.eraser import Ended


class WithdrawalReason(StrEnum):
    """Why somebody ends a consent; the other reasons are the service's own."""

    WITHDRAWN = EndReason.WITHDRAWN.value
    ENTERED_IN_ERROR = EndReason.ENTERED_IN_ERROR.value


app = typer.Typer(help="Record what patients agree to, and withdraw it.", no_args_is_help=True)

PatientRef = Annotated[str, typer.Argument(help="The clinic's reference of the patient.")]
PurposeOption = Annotated[ConsentPurpose, typer.Option("--purpose", help="What it is for.")]
LanguageOption = Annotated[Language, typer.Option("--language", help="What it is read in.")]

COLUMNS = (
    *("patient_ref", "purpose", "status", "document_ref", "given", "expires", "guardian_ref"),
    *("identity_check", "language", "recorded_by", "ended", "ended_reason"),
)
RECEIPTS = (
    *("patient_ref", "receipt", "reason", "erased", "templates"),
    *("files_clean", "log_clean", "backups_by"),
)
_SHORT = 8
_UNTIL_MINUTES = "%Y-%m-%d %H:%M"


@app.command("list")
def list_(
    patient_ref: Annotated[
        str | None, typer.Argument(help="Everything there was of this patient.")
    ] = None,
    by: ByOption = "",
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the consents in force, or everything there was of one patient."""
    settings = read_settings(config)
    rows = asyncio.run(_list(settings, patient_ref, acting(settings, by)))
    if as_json:
        print_json([asdict(row) for row in rows])
        return
    zone = settings.site.zone
    shown = [
        asdict(row)
        | {
            "given": f"{row.given_at.astimezone(zone):%Y-%m-%d}",
            "expires": row.expires_at and f"{row.expires_at.astimezone(zone):{_UNTIL_MINUTES}}",
            "ended": row.ended_at and f"{row.ended_at.astimezone(zone):{_UNTIL_MINUTES}}",
        }
        for row in rows
    ]
    print_rows(Rows(COLUMNS, shown), as_json=False, empty="No such consent.")


@app.command()
def text(
    purpose: PurposeOption = ConsentPurpose.CHECK_IN,
    language: LanguageOption = Language.KK,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print what is read to the patient, with this clinic's particulars."""
    from streamer.patients.consent_text import consent_text

    settings = read_settings(config)
    found = consent_text(purpose, language, settings.consent, settings.site.name)
    if as_json:
        print_json([asdict(found)])
    else:
        say(found.body.rstrip())


@app.command()
def record(
    patient_ref: PatientRef,
    document_ref: Annotated[
        str, typer.Option("--document-ref", help="The signed document, by the clinic's number.")
    ],
    language: Annotated[Language, typer.Option("--language", help="What it was read in.")],
    identity_check: Annotated[
        IdentityCheck, typer.Option("--identity-check", help="How it was made sure who signed.")
    ],
    purpose: PurposeOption = ConsentPurpose.CHECK_IN,
    guardian: Annotated[
        str | None,
        typer.Option("--guardian", metavar="REF", help="Who signed for a patient under 18."),
    ] = None,
    given: Annotated[
        str | None, typer.Option("--given", metavar="DATE", help="The day it was signed; else now.")
    ] = None,
    expires: Annotated[
        str | None,
        typer.Option("--expires", metavar="DATE", help="The last day it holds; else a full term."),
    ] = None,
    by: ByOption = "",
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Record a signed consent, with the whole text that was read.

    The same document once more changes nothing. Another one takes the former's place.
    """
    settings = read_settings(config)
    clock = SystemClock()
    term = term_of(given, expires, settings, clock.now())
    signed = ConsentGiven(
        patient_ref=patient_ref,
        purpose=purpose,
        document_ref=document_ref.strip(),
        given_at=term.given_at,
        expires_at=term.expires_at,
        identity_check=identity_check,
        guardian_ref=guardian,
    )
    new, recorded = asyncio.run(_record(signed, language, settings, acting(settings, by)))
    until = f"until {_moment(recorded.expires_at, settings)}"
    if expires is not None and recorded.expires_at != term.expires_at:
        raise InputError(
            f"patient {patient_ref}: document {signed.document_ref} is recorded already, {until}, "
            "which is as it was; if that is a mistake, end it by `kirdi consents withdraw "
            "--reason entered-in-error` and record it anew"
        )
    if as_json:
        held = {"given_at": recorded.given_at, "expires_at": recorded.expires_at}
        print_json([asdict(signed) | held | {"language": language, "new": new}])
    else:
        say(_recorded(signed, new, until))


@app.command()
def withdraw(
    patient_ref: PatientRef,
    purpose: Annotated[
        ConsentPurpose | None, typer.Option("--purpose", help="Which; else all in force.")
    ] = None,
    reason: Annotated[
        WithdrawalReason, typer.Option("--reason", help="What the record will say.")
    ] = WithdrawalReason.WITHDRAWN,
    by: ByOption = "",
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """End a consent at once, erase what rests on it, and print the receipt.

    From this moment on nobody is recognised as this patient.
    """
    settings = read_settings(config)
    purposes = tuple(ConsentPurpose) if purpose is None else (purpose,)
    ended, receipt, obstacle = asyncio.run(
        _withdraw(patient_ref, purposes, EndReason(reason), settings, acting(settings, by))
    )
    if as_json:
        shown = None if receipt is None else asdict(receipt)
        print_json(
            [
                {
                    "patient_ref": patient_ref,
                    "ended": ended.purposes,
                    "receipt": shown,
                    "obstacle": obstacle,
                }
            ]
        )
        return
    say(f"Patient {patient_ref}: ended {', '.join(one.value for one in ended.purposes)}.")
    if receipt is not None:
        for line in in_words(receipt, settings, obstacle):
            say(line)


@app.command()
def receipts(
    patient_ref: Annotated[str | None, typer.Argument(help="Only this patient's.")] = None,
    by: ByOption = "",
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """List what was erased; finish first what is still left of it in the database's files."""
    settings = read_settings(config)
    found, obstacle = asyncio.run(_receipts(patient_ref, settings, acting(settings, by)))
    if as_json:
        print_json([asdict(one) for one in found])
        return
    rows = [
        asdict(one)
        | {
            "receipt": str(one.erasure_id)[:_SHORT],
            "erased": _moment(one.erased_at, settings),
            "files_clean": _moment(one.files_clean_at, settings),
            "log_clean": _moment(one.log_clean_at, settings),
            "backups_by": _moment(one.backups_clean_by, settings),
        }
        for one in found
    ]
    print_rows(Rows(RECEIPTS, rows), as_json=False, empty="Nothing was erased.")
    if obstacle is not None:
        say(f"The database's log: {obstacle}.")


def in_words(receipt: ErasureReceipt, settings: Settings, obstacle: str | None) -> Sequence[str]:
    """The receipt for people: what is gone now, and what is when."""
    waiting = "not yet; the running service, or `kirdi consents receipts`, goes on with it"
    in_log = f"not yet: {obstacle}" if obstacle else waiting
    erased = _moment(receipt.erased_at, settings)
    files = _moment(receipt.files_clean_at, settings, waiting)
    log = _moment(receipt.log_clean_at, settings, in_log)
    backups = _moment(receipt.backups_clean_by, settings)
    days = settings.consent.backups_kept_days
    return (
        f"Receipt {receipt.erasure_id}",
        f"  erased {receipt.templates} template(s) and their keys: {erased}",
        f"  keys gone from the database's tables: {files}",
        f"  keys gone from the database's write-ahead log: {log}",
        f"  last backup that may hold them deleted by: {backups} (they are kept for {days} days)",
    )


def _moment(moment: datetime | None, settings: Settings, otherwise: str = "") -> str:
    if moment is None:
        return otherwise
    return f"{moment.astimezone(settings.site.zone):{_UNTIL_MINUTES}}"


def _recorded(signed: ConsentGiven, new: bool, until: str) -> str:
    if signed.guardian_ref is not None:
        until += ", or until they turn 18 if that is sooner"
    if new:
        return f"Recorded: patient {signed.patient_ref} consents to {signed.purpose.value} {until}."
    return (
        f"Document {signed.document_ref} of patient {signed.patient_ref} was recorded before; it "
        f"holds {until}."
    )


async def _list(settings: Settings, patient_ref: str | None, by: Actor) -> "list[ConsentEntry]":
    from streamer.backend import open_backend

    async with open_backend(settings, kirdi_home(os.environ), SystemClock()) as backend:
        return await backend.consents_list.listed(by, patient_ref)


async def _record(
    given: ConsentGiven, language: Language, settings: Settings, by: Actor
) -> "tuple[bool, ConsentEntry]":
    """Whether it is new, and what is on record of it."""
    from streamer.backend import open_backend
    from streamer.patients.consent_text import consent_text

    clock = SystemClock()
    read = consent_text(given.purpose, language, settings.consent, settings.site.name)
    async with open_backend(settings, kirdi_home(os.environ), clock) as backend:
        new = await backend.consents.record(given, read, by, clock.now())
        rows = await backend.consents_list.of_patient(given.patient_ref)
    wanted = (given.purpose.value, given.document_ref)
    # The newest: one of the same number may have been entered in error before.
    (*_, found) = (row for row in rows if (row.purpose, row.document_ref) == wanted)
    return new, found


async def _withdraw(
    patient_ref: str,
    purposes: Sequence[ConsentPurpose],
    reason: EndReason,
    settings: Settings,
    by: Actor,
) -> "tuple[Ended, ErasureReceipt | None, str | None]":
    from streamer.backend import open_backend
    from streamer.commands.erasing import destroy_remnants

    clock = SystemClock()
    async with open_backend(settings, kirdi_home(os.environ), clock) as backend:
        ended = await backend.consents.withdraw(patient_ref, purposes, by, clock.now(), reason)
        if ended.receipt is None:
            return ended, None, None
        obstacle = await destroy_remnants(backend)
        (receipt,) = await backend.consents_list.receipts(ids=(ended.receipt.erasure_id,))
        return ended, receipt, obstacle


async def _receipts(
    patient_ref: str | None, settings: Settings, by: Actor
) -> tuple[list[ErasureReceipt], str | None]:
    from streamer.backend import open_backend
    from streamer.commands.erasing import destroy_remnants

    clock = SystemClock()
    async with open_backend(settings, kirdi_home(os.environ), clock) as backend:
        obstacle = await destroy_remnants(backend)
        return await backend.consents_list.listed_receipts(by, patient_ref), obstacle
