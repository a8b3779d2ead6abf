"""`kirdi desk`: reception picks a patient, a camera says whether it is them."""

import os
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from streamer.commands.by_option import ByOption
from streamer.commands.invocation import JsonOption, print_json, say
from streamer.embedded.home import kirdi_home
from streamer.errors import CameraError, KirdiError, NoMatchError

if TYPE_CHECKING:
    from streamer.domain.desk_report import DeskReport

app = typer.Typer(help="Check in who stands at the desk, by face.", no_args_is_help=True)

_SAID = {"written": "arrived", "duplicate": "had arrived already"}
_OTHERWISE = "check in by code or by hand"


@app.callback()
def _group() -> None:
    """Keep `compare` a subcommand although it is the only one."""


@app.command()
def compare(
    patient_ref: Annotated[str, typer.Argument(metavar="PATIENT_REF", help="Whom you picked.")],
    camera: Annotated[str, typer.Option("--camera", metavar="ID", help="Before which they stand.")],
    by: ByOption = "",
    as_json: JsonOption = False,
) -> None:
    """Compare whoever stands before a camera with one patient, for ten seconds at most.

    If it is the patient, they arrive at every appointment whose window is open. Nobody else is
    looked for. Ctrl-C ends it; nothing is kept then.
    """
    from streamer.control.client import ask
    from streamer.control.messages import Request, Verb

    asked = Request(Verb.COMPARE, camera, patient_ref=patient_ref, by=by)
    report = ask(kirdi_home(os.environ), asked).desk
    if report is None:
        raise KirdiError("service: it did not look; start it again after an update")
    if as_json:
        print_json([asdict(report)])
    if report.outcome.value != "matched":
        _refuse(report)
    _tell(report, aloud=not as_json)


def _tell(report: "DeskReport", *, aloud: bool) -> None:
    """Say what a match led to; raises KirdiError where it led to nothing."""
    reason = "" if report.reason is None else report.reason.value
    said = [
        f"{one.appointment_ref}: {_SAID.get(one.recorded.value, one.recorded.value)}"
        for one in report.arrivals
    ]
    if not said:
        said = [_words(reason) if reason else "nothing to arrive at"]
    seen = ", ".join(sorted({one.value for one in report.presences}))
    if seen:
        said.append(f"recorded as seen ({seen})")
    arrived = any(one.recorded.value in _SAID for one in report.arrivals)
    if not arrived and not seen and reason != "already_arrived":
        raise KirdiError(
            f"patient {report.patient_ref}: is recognised, but nothing was written "
            f"({'; '.join(said)}); {_OTHERWISE}"
        )
    if aloud:
        say(f"It is patient {report.patient_ref}: {'; '.join(said)}.")


def _refuse(report: "DeskReport") -> NoReturn:
    who, camera = f"patient {report.patient_ref}", f"camera {report.camera_id}"
    after = f"in {report.seconds:.0f} s"
    outcome = report.outcome.value
    if outcome == "no_picture":
        raise CameraError(f"{camera}: no picture came {after}; {_OTHERWISE}")
    if outcome == "ended":
        raise KirdiError(
            f"{camera}: it was stopped or changed, or the service stops; nobody was compared"
        )
    if outcome == "no_face":
        why = f": {_words(report.shortcoming)}" if report.shortcoming else ""
        raise NoMatchError(
            f"{who}: no face could be compared {after}{why}; have them look into the camera from "
            f"near by and try again, or {_OTHERWISE}"
        )
    if outcome == "several_people":
        raise NoMatchError(
            f"{who}: more than one person stood before the camera; ask the others to step aside "
            "and try again"
        )
    if outcome == "liveness_doubt":
        raise NoMatchError(
            f"{who}: it may be a picture of a face; look at the person, and {_OTHERWISE}"
        )
    score = "too few frames agreed" if report.score is None else f"score {report.score:.2f}"
    raise NoMatchError(
        f"{who}: not recognised {after} ({score}, needed {report.threshold:.2f}); that proves "
        f"nothing; try again, or {_OTHERWISE}"
    )


def _words(code: str) -> str:
    return code.replace("_", " ")
