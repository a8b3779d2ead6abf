"""`kirdi review`: the face matches that wait for a person, in the running service."""

import os
from collections.abc import Iterator
from dataclasses import asdict
from datetime import tzinfo
from typing import TYPE_CHECKING, Annotated

import typer

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
from streamer.embedded.home import kirdi_home
from streamer.errors import KirdiError

if TYPE_CHECKING:
    from streamer.control.messages import Reply
    from streamer.domain.review_report import ReviewReport

app = typer.Typer(
    help="Look at face matches that wait for a person.",
    no_args_is_help=True,
)

ReviewId = Annotated[str, typer.Argument(help="The review's id, or how it begins.", min=1)]

COLUMNS = (
    "review",
    "seen",
    "until",
    "camera",
    "why",
    "patient_ref",
    "score",
    "needed",
    "appointment_ref",
    "starts",
    "practitioner",
)
_SHORT = 8
_ARRIVED = frozenset({"written", "duplicate"})


@app.command("list")
def list_(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """List what waits: who was matched, how surely, for which appointment, and why a person looks.

    A review is over after ten minutes. Nobody's picture is shown here.
    """
    reviews = _ask("reviews").reviews
    if as_json:
        print_json([asdict(one) for one in reviews])
        return
    zone = read_settings(config).site.zone
    rows = [row for one in reviews for row in _rows(one, zone)]
    print_rows(Rows(COLUMNS, rows, zone), as_json=False, empty="No review waits.")


@app.command()
def confirm(
    review_id: ReviewId,
    patient: Annotated[
        str, typer.Option("--patient", metavar="PATIENT_REF", help="Which of several candidates.")
    ] = "",
    by: ByOption = "",
    as_json: JsonOption = False,
) -> None:
    """It is the patient: write the check-in.

    Not for your own patients, if you bill them.
    """
    arrivals = _ask("confirm", review_id, patient, by).arrivals
    if as_json:
        print_json([asdict(one) for one in arrivals])
    elif arrivals:
        say("; ".join(f"{one.appointment_ref}: {one.recorded.value}" for one in arrivals))
    else:
        say("Confirmed; there was no appointment left to arrive at.")
    if arrivals and not any(one.recorded.value in _ARRIVED for one in arrivals):
        raise KirdiError(
            f"review {review_id}: confirmed, and nothing could be written; where the clinic's "
            "system says noshow or cancelled, correct it there, then `kirdi check-ins add`"
        )


@app.command()
def reject(review_id: ReviewId, by: ByOption = "", as_json: JsonOption = False) -> None:
    """It is not this person: remembered for the rest of the day."""
    _ask("reject", review_id, by=by)
    if as_json:
        print_json([{"review_id": review_id, "decision": "rejected"}])
    else:
        say("Rejected. Today the face alone checks in none of the candidates any more.")


def _ask(verb: str, review_id: str = "", patient_ref: str = "", by: str = "") -> "Reply":
    from streamer.control.client import ask
    from streamer.control.messages import Request, Verb

    request = Request(Verb(verb), review_id=review_id, patient_ref=patient_ref, by=by)
    return ask(kirdi_home(os.environ), request)


def _rows(review: "ReviewReport", zone: tzinfo) -> Iterator[dict[str, object]]:
    """A line for each candidate and appointment."""
    for candidate in review.candidates:
        for appointment in candidate.appointments or (None,):
            starts = appointment.starts_at.astimezone(zone) if appointment else None
            yield {
                "review": review.review_id[:_SHORT],
                "seen": review.captured_at,
                "until": review.expires_at,
                "camera": review.camera_id,
                "why": review.reason.value.replace("_", " "),
                "patient_ref": candidate.patient_ref,
                "score": candidate.score,
                "needed": review.threshold,
                "appointment_ref": appointment.appointment_ref if appointment else None,
                "starts": f"{starts:%H:%M}" if starts else None,
                "practitioner": appointment.practitioner if appointment else None,
            }
