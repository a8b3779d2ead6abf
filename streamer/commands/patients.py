"""`kirdi patients`: import them, enrol those who consent."""

import asyncio
import os
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from config.settings import Settings
from streamer.clock import SystemClock
from streamer.commands.invocation import (
    ConfigOption,
    JsonOption,
    print_json,
    read_settings,
    say,
    warn,
)
from streamer.embedded.home import kirdi_home
from streamer.patients.enrolled import Enrolled
from streamer.storage.import_result import ImportResult

app = typer.Typer(help="Import patients, enrol those who consent.", no_args_is_help=True)


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="CSV: patient_ref, full_name and what is known.")],
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Import patients: all rows or none; importing a file twice changes nothing."""
    settings = read_settings(config)
    result = asyncio.run(_import(file, settings))
    print_import("patients", result, as_json)


@app.command()
def enroll(
    patient_ref: Annotated[str, typer.Argument(help="The clinic's reference of the patient.")],
    photos: Annotated[list[Path], typer.Argument(help="Two photos or more, the patient alone.")],
    consent_ref: Annotated[
        str, typer.Option("--consent-ref", help="The signed consent document.")
    ] = "",
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Enrol a patient who signed a consent; earlier photos are replaced."""
    settings = read_settings(config)
    enrolled = asyncio.run(_enroll(patient_ref, photos, consent_ref, settings))
    warn(enrolled.warnings)
    if as_json:
        print_json([asdict(enrolled)])
    else:
        say(f"Patient {enrolled.patient_ref} is enrolled from {enrolled.photos} photos.")


def print_import(what: str, result: ImportResult, as_json: bool) -> None:
    """Tell what an import did."""
    if as_json:
        print_json([asdict(result)])
    else:
        say(
            f"Imported {what}: {result.created} new, {result.updated} changed, "
            f"{result.unchanged} as they were."
        )


async def _import(file: Path, settings: Settings) -> ImportResult:
    from streamer.backend import open_backend
    from streamer.exchange.patients_csv import read_patients

    patients = await asyncio.to_thread(read_patients, file)
    clock = SystemClock()
    async with open_backend(settings, kirdi_home(os.environ), clock) as backend:
        return await backend.patients_import.run(patients, clock.now())


async def _enroll(
    patient_ref: str, paths: list[Path], consent_ref: str, settings: Settings
) -> Enrolled:
    from streamer.backend import open_backend
    from streamer.patients.enrolment import Enrolment
    from streamer.patients.photo import read_photo
    from streamer.recognition import face_gate, open_matcher

    home, clock = kirdi_home(os.environ), SystemClock()
    photos = [await asyncio.to_thread(read_photo, path) for path in paths]
    async with (
        open_backend(settings, home, clock) as backend,
        open_matcher(settings, home) as matcher,
    ):
        enrolment = Enrolment(
            matcher, face_gate(settings.quality), settings.quality.warn_face_px, backend.enrolments
        )
        enrolled = await enrolment.enrol(patient_ref, photos, consent_ref, clock.now())
        await backend.schedules.invalidate([clock.now().astimezone(settings.site.zone).date()])
        return enrolled
