"""`kirdi patients`: import them, enrol those who consent."""

import asyncio
import os
from collections.abc import Collection
from dataclasses import asdict
from pathlib import Path
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
    warn,
)
from streamer.domain.actor import Actor
from streamer.embedded.home import kirdi_home
from streamer.patients.enrolled import Enrolled
from streamer.storage.import_result import ImportResult
from streamer.storage.portioned_result import PortionedResult

if TYPE_CHECKING:
    from streamer.storage.patients_list import PatientRow

app = typer.Typer(help="Import patients, enrol those who consent.", no_args_is_help=True)

_YES = {True: "yes", False: "no"}
_NOBODY_CONSENTS = (
    "Nobody consents to recognition at present: patients are listed once their consent is "
    "recorded (kirdi consents record)."
)
_NOBODY_NEEDS = "Everybody who consents is enrolled with the model pack in use."


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="CSV: patient_ref, full_name and what is known.")],
    readmit: Annotated[
        list[str] | None,
        typer.Option(
            "--readmit", help="A patient who was erased at their wish and is back; repeatable."
        ),
    ] = None,
    by: ByOption = "",
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Import patients: all rows or none; importing a file twice changes nothing.

    Who died or became staff is not recognised any more: consent and templates end with it.
    """
    settings = read_settings(config)
    result = asyncio.run(_import(file, settings, acting(settings, by), readmit or ()))
    print_import("patients", result, as_json)


@app.command()
def enroll(
    patient_ref: Annotated[str, typer.Argument(help="The clinic's reference of the patient.")],
    photos: Annotated[list[Path], typer.Argument(help="Two photos or more, the patient alone.")],
    consent_ref: Annotated[
        str,
        typer.Option(
            "--consent-ref", help="The document of the consent in force; checked where it is given."
        ),
    ] = "",
    anyway: Annotated[
        bool,
        typer.Option(
            "--anyway",
            help="Although the face looks like another patient's, as twins do: neither is "
            "recognised then, both check in by code.",
        ),
    ] = False,
    by: ByOption = "",
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Enrol a patient whose consent is recorded; earlier photos are replaced.

    The face is compared with every other patient's at the site: one that may be enrolled already,
    under another reference, is not enrolled again.
    """
    settings = read_settings(config)
    actor = acting(settings, by)
    enrolled = asyncio.run(_enroll(patient_ref, photos, consent_ref, anyway, settings, actor))
    warn(enrolled.warnings)
    if as_json:
        print_json([asdict(enrolled) | {"code_only": enrolled.code_only}])
        return
    say(f"Patient {enrolled.patient_ref} is enrolled from {enrolled.photos} photos.")
    if enrolled.code_only:
        say(
            f"Too much like {', '.join(enrolled.looks_like)} to be told apart: none of them is "
            "recognised by face, all check in by code."
        )


@app.command("list")
def list_(
    needs_enrolment: Annotated[
        bool,
        typer.Option(
            "--needs-enrolment", help="Only those whom the model pack in use cannot recognise."
        ),
    ] = False,
    by: ByOption = "",
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """List who consents to recognition, and of which model packs there are templates.

    Templates of different packs are never compared: after a change of pack everybody is enrolled
    anew.
    """
    settings = read_settings(config)
    rows = asyncio.run(_list(settings, acting(settings, by)))
    shown = [asdict(row) for row in rows if row.needs_enrolment or not needs_enrolment]
    if as_json:
        print_json(shown)
        return
    for row in shown:
        row |= {
            "packs": ", ".join(row["packs"]),
            "needs_enrolment": _YES[row["needs_enrolment"]],
            "code_only": _YES[row["code_only"]],
            "looks_like": ", ".join(row["looks_like"]),
        }
    columns = (
        "patient_ref",
        "consent_ref",
        "packs",
        "needs_enrolment",
        "code_only",
        "looks_like",
    )
    empty = _NOBODY_NEEDS if needs_enrolment and rows else _NOBODY_CONSENTS
    print_rows(Rows(columns, shown), as_json=False, empty=empty)


def print_import(what: str, result: ImportResult, as_json: bool) -> None:
    """Tell what an import did."""
    if as_json:
        print_json([asdict(result)])
    else:
        say(
            f"Imported {what}: {result.created} new, {result.updated} changed, "
            f"{result.unchanged} as they were."
        )
        if result.left_out:
            say(f"Left out: {result.left_out}, of patients who were erased at their wish.")
        if isinstance(result, PortionedResult):
            _print_wrong_appointments(result)


def _print_wrong_appointments(result: PortionedResult) -> None:
    absent, of_others = result.appointments_absent, result.appointments_of_others
    if absent:
        say(f"Rows that name an appointment which is not known here, or not yet: {absent}.")
    if of_others:
        say(f"Rows that name an appointment of another patient: {of_others}.")
    if not absent and not of_others:
        return
    say("They count as if they named none:")
    for one in result.wrong_appointments:
        say(f"  {one}")
    more = absent + of_others - len(result.wrong_appointments)
    if more:
        say(f"  ... and {more} more")


async def _list(settings: Settings, by: Actor) -> "list[PatientRow]":
    from matcher.packs.store import open_pack
    from streamer.backend import open_backend
    from streamer.models_folder import models_folder

    home, clock = kirdi_home(os.environ), SystemClock()
    pack = await asyncio.to_thread(open_pack, models_folder(home), settings.models.pack)
    async with open_backend(settings, home, clock) as backend:
        return await backend.patients_list(pack.pack_id).all(backend.page_reader, by)


async def _import(
    file: Path, settings: Settings, by: Actor, readmit: Collection[str]
) -> ImportResult:
    from streamer.backend import open_backend
    from streamer.commands.erasing import destroy_remnants
    from streamer.exchange.patients_csv import read_patients

    patients = await asyncio.to_thread(read_patients, file)
    clock = SystemClock()
    async with open_backend(settings, kirdi_home(os.environ), clock) as backend:
        result = await backend.patients_import.run(patients, clock.now(), by, readmit)
        await destroy_remnants(backend)
        return result


async def _enroll(
    patient_ref: str,
    paths: list[Path],
    consent_ref: str,
    anyway: bool,
    settings: Settings,
    by: Actor,
) -> Enrolled:
    from matcher.packs.store import open_pack
    from streamer.backend import open_backend
    from streamer.models_folder import models_folder
    from streamer.patients.enrolment import Enrolment, EnrolmentRules
    from streamer.patients.photo import read_photo
    from streamer.recognition import face_gate, open_matcher
    from streamer.score_rules import score_rules

    home, clock = kirdi_home(os.environ), SystemClock()
    photos = [await asyncio.to_thread(read_photo, path) for path in paths]
    async with (
        open_backend(settings, home, clock) as backend,
        open_matcher(settings, home) as matcher,
    ):
        pack = await asyncio.to_thread(open_pack, models_folder(home), settings.models.pack)
        rules = await asyncio.to_thread(score_rules, pack, settings.match)
        enrolment = Enrolment(
            matcher,
            face_gate(settings.quality),
            EnrolmentRules(
                settings.quality.warn_face_px,
                rules.scale.same_person_distance,
                rules.scale.max_distance,
            ),
            backend.enrolments,
            rules.compare,
        )
        enrolled = await enrolment.enrol(
            patient_ref, photos, consent_ref, clock.now(), by=by, anyway=anyway
        )
        await backend.schedules.invalidate([clock.now().astimezone(settings.site.zone).date()])
        return enrolled
