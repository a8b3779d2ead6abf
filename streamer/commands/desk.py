"""`kirdi desk`: reception picks a patient, a camera says whether it is them."""

import os
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from streamer.commands.by_option import ByOption
from streamer.commands.invocation import JsonOption, print_json, say
from streamer.embedded.home import kirdi_home
from streamer.errors import CameraError, KirdiError, NoMatchError

if TYPE_CHECKING:
    from streamer.domain.desk_report import DeskReport

app = typer.Typer(help="Check in who stands at the desk, by face.", no_args_is_help=True)

_HERE = frozenset({"written", "duplicate"})
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
    refusal = _refusal(report) if report.outcome.value != "matched" else _in_vain(report)
    if as_json:
        print_json([asdict(report) | {"why": None if refusal is None else str(refusal)}])
    if refusal is not None:
        raise refusal
    if not as_json:
        say(f"It is patient {report.patient_ref}: {'; '.join(_said(report))}.")


def _said(report: "DeskReport") -> list[str]:
    """What a match led to."""
    from streamer.commands.outcome_words import ARRIVAL

    reason = "" if report.reason is None else report.reason.value
    said = [f"{one.appointment_ref}: {ARRIVAL[one.recorded]}" for one in report.arrivals]
    if not said:
        said = [_words(reason) if reason else "nothing to arrive at"]
    seen = ", ".join(sorted({one.value for one in report.presences}))
    if seen:
        said.append(f"recorded as seen ({_words(seen)})")
    return said


def _in_vain(report: "DeskReport") -> KirdiError | None:
    """A match that led to nothing; None where it led to something."""
    here = any(one.recorded.value in _HERE for one in report.arrivals)
    known = report.reason is not None and report.reason.value == "already_arrived"
    if here or known or report.presences:
        return None
    why = "; ".join(_said(report))
    otherwise = "" if "by code or by hand" in why else f"; {_OTHERWISE}"
    return NoMatchError(
        f"patient {report.patient_ref}: is recognised, but nothing was written ({why}){otherwise}"
    )


def _refusal(report: "DeskReport") -> KirdiError:
    """Why the camera did not say that it is the patient."""
    who, camera = f"patient {report.patient_ref}", f"camera {report.camera_id}"
    after = f"in {report.seconds:.0f} s"
    outcome = report.outcome.value
    if outcome == "no_picture":
        return CameraError(f"{camera}: no picture came {after}; {_OTHERWISE}")
    if outcome == "ended":
        return KirdiError(
            f"{camera}: it was stopped or changed, or the service stops; nobody was compared"
        )
    if outcome == "no_face":
        why = f": {_words(report.shortcoming)}" if report.shortcoming else ""
        return NoMatchError(
            f"{who}: no face could be compared {after}{why}; have them look into the camera from "
            f"near by and try again, or {_OTHERWISE}"
        )
    if outcome == "several_people":
        return NoMatchError(
            f"{who}: more than one person stood before the camera; ask the others to step aside "
            "and try again"
        )
    if outcome == "liveness_doubt":
        return NoMatchError(
            f"{who}: it may be a picture of a face; look at the person, and {_OTHERWISE}"
        )
    why = "too few frames agreed"
    if report.score is not None:
        why = f"a score of {report.score:.2f} where {report.threshold:.2f} is asked for"
        if report.score >= report.threshold:
            why = f"{report.frames_agreeing} frames agreed, too few"
    return NoMatchError(
        f"{who}: not recognised {after} ({why}); that proves nothing; try again, or {_OTHERWISE}"
    )


def _words(code: str) -> str:
    return code.replace("_", " ")
