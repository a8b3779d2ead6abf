"""`kirdi patients export` and `kirdi patients erase`: what a patient may ask for."""

import asyncio
import os
import sys
from dataclasses import asdict, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from config.settings import Settings
from streamer.acting import acting
from streamer.clock import SystemClock
from streamer.commands.by_option import ByOption
from streamer.commands.erasing import destroy_remnants
from streamer.commands.invocation import (
    ConfigOption,
    JsonOption,
    print_json,
    read_settings,
    say,
)
from streamer.domain.actor import Actor
from streamer.domain.consent import Language
from streamer.domain.rights_letter import fault_of_letter
from streamer.embedded.home import kirdi_home
from streamer.errors import InputError

if TYPE_CHECKING:
    from streamer.domain.erased_patient import ErasedPatient
    from streamer.domain.patient_file import PatientFile

PatientRef = Annotated[str, typer.Argument(help="The clinic's reference of the patient.")]


class ExportFormat(StrEnum):
    """For machines, or for people."""

    JSON = "json"
    PDF = "pdf"


# Why each kind stays, and what it is.
_WHY: Final = {
    "appointments": "appointments, to which the rows below belong",
    "audit": "entries of the audit, which is never changed",
    "check_ins": "check-ins, the evidence of visits that were billed",
    "codes": "codes that were used for a check-in",
    "consents": "consents, the proof that what rests on them was allowed",
    "presences": "presences, evidence of the same kind",
    "receipts": "receipts of erasure",
    "reviews": "decisions of staff about matches",
    "status_changes": "changes of status, the provenance of the check-ins",
    "template_reads": "records that templates were compared",
}


def export(
    patient_ref: PatientRef,
    output: Annotated[
        Path, typer.Option("-o", "--output", help="A file that does not exist yet; mode 0600.")
    ],
    format_: Annotated[
        ExportFormat | None,
        typer.Option(
            "--format", help="For machines, or for people; else by the file's ending, or pdf."
        ),
    ] = None,
    language: Annotated[
        Language | None, typer.Option("--language", help="Of the PDF; else the patient's, or kk.")
    ] = None,
    by: ByOption = "",
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write everything that is held about a patient to a file, for the patient.

    Profile, guardians, consents with the texts that were read, templates without their figures,
    appointments, check-ins, presences, reviews, codes, erasures, and who looked at it.
    """
    settings = read_settings(config)
    by_ending = ExportFormat.JSON if output.suffix.lower() == ".json" else ExportFormat.PDF
    size = asyncio.run(
        _export(settings, patient_ref, output, format_ or by_ending, language, acting(settings, by))
    )
    if as_json:
        print_json([{"patient_ref": patient_ref, "file": output, "bytes": size}])
    else:
        say(
            f"Wrote {output} ({size} bytes, readable by you alone). It holds personal data: hand "
            "it to the patient, then delete it."
        )


def erase(
    patient_ref: Annotated[
        str, typer.Argument(help="The clinic's reference, or the number of a former erasure.")
    ],
    reason: Annotated[
        str,
        typer.Option("--reason", help="The number of the patient's letter, as recorded; no names."),
    ],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    by: ByOption = "",
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Erase a patient at their wish; it can't be taken back.

    Profile, templates and keys are destroyed, consents end. What the law keeps for its term stays
    under a number that leads to nobody. Later imports leave the patient out.
    """
    if (fault := fault_of_letter(reason)) is not None:
        raise InputError(f"--reason: {fault}")
    settings = read_settings(config)
    if not yes:
        _ask(patient_ref)
    erased, obstacle = asyncio.run(_erase(settings, patient_ref, reason, acting(settings, by)))
    if as_json:
        print_json([asdict(erased) | {"log_obstacle": obstacle}])
        return
    _print(erased, settings, obstacle)


def _ask(patient_ref: str) -> None:
    if not sys.stdin.isatty():
        raise InputError(f"patient {patient_ref}: nobody is there to be asked; add --yes")
    answer = typer.prompt(
        f"Erase patient {patient_ref} for good? Write the reference once more", default=""
    )
    if answer.strip() != patient_ref:
        raise InputError(f"patient {patient_ref}: not confirmed; nothing was erased")


def _print(erased: "ErasedPatient", settings: Settings, obstacle: str | None) -> None:
    from streamer.commands.consents import in_words

    zone = settings.site.zone
    for line in in_words(erased.receipt, settings, obstacle):
        say(line)
    gone = ", ".join(f"{rows} {kind}" for kind, rows in sorted(erased.deleted.items()))
    say(f"Profile, reference, identity number and phone are gone{'; and ' + gone if gone else ''}.")
    if not erased.kept:
        say("Nothing else is kept.")
        return
    say(f"What stays, under the number {erased.patient_id} alone, and until when at the latest:")
    for one in erased.kept:
        why = _WHY.get(one.kind, one.kind)
        say(f"  {one.rows} {why}: until {one.until.astimezone(zone):%Y-%m-%d}")


async def _export(
    settings: Settings,
    patient_ref: str,
    output: Path,
    format_: ExportFormat,
    language: Language | None,
    by: Actor,
) -> int:
    from streamer.backend import open_backend
    from streamer.exchange.private_file import refuse_existing, write_private

    await asyncio.to_thread(refuse_existing, output)
    clock = SystemClock()
    async with open_backend(settings, kirdi_home(os.environ), clock) as backend:
        file = await backend.patient_files.read(patient_ref, by.name, clock.now())
    content = await asyncio.to_thread(_content, file, format_, language, settings)
    await asyncio.to_thread(write_private, output, content)
    return len(content)


def _content(
    file: "PatientFile", format_: ExportFormat, language: Language | None, settings: Settings
) -> bytes:
    from streamer.exchange.patient_file import LANGUAGES, patient_file_json, patient_file_pdf

    if format_ is ExportFormat.JSON:
        return patient_file_json(file)
    own = file.profile.language or ""
    chosen = language.value if language is not None else own if own in LANGUAGES else LANGUAGES[0]
    return patient_file_pdf(file, chosen, settings.site.zone)


async def _erase(
    settings: Settings, patient_ref: str, reason: str, by: Actor
) -> "tuple[ErasedPatient, str | None]":
    from streamer.backend import open_backend

    clock = SystemClock()
    async with open_backend(settings, kirdi_home(os.environ), clock) as backend:
        erased = await backend.patient_erasure.erase(patient_ref, reason, by, clock.now())
        await backend.schedules.invalidate([clock.now().astimezone(settings.site.zone).date()])
        obstacle = await destroy_remnants(backend)
        (receipt,) = await backend.consents_list.receipts(ids=(erased.receipt.erasure_id,))
    return replace(erased, receipt=receipt), obstacle
