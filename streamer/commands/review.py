"""`kirdi review`: face matches and conflicts that wait for a person, in the running service."""

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
from streamer.domain.check_in import Recorded
from streamer.embedded.home import kirdi_home
from streamer.errors import NoMatchError

if TYPE_CHECKING:
    from streamer.control.messages import Reply
    from streamer.domain.review_report import AppointmentReport, ReviewReport

app = typer.Typer(
    help="Look at face matches and conflicts that wait for a person.",
    no_args_is_help=True,
)

ReviewId = Annotated[str, typer.Argument(help="The review's id, or how it begins.", min=1)]

COLUMNS = (
    "review",
    "seen",
    "until",
    "where",
    "how",
    "why",
    "patient_ref",
    "score",
    "needed",
    "appointment_ref",
    "starts",
    "leads_to",
    "practitioner",
)
_SHORT = 8
# A status is the clinic's word: what a person says against it is kept, as was asked for.
_NOTHING = frozenset(
    {
        Recorded.REFUSED_CONSENT,
        Recorded.REFUSED_WINDOW,
        Recorded.REFUSED_UNKNOWN,
        Recorded.REFUSED_BLOCKED,
    }
)


@app.command("list")
def list_(by: ByOption = "", config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """List what waits: who was matched or shown how, for which appointment, and why a person looks.

    A review is over after ten minutes. Nobody's picture is shown here.
    """
    reviews = _ask("reviews", by=by).reviews
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
    """It is the patient: write the check-in, or that they were seen.

    Not for your own patients, if you bill them; nor what rests on a code that you have issued.
    """
    from streamer.commands.outcome_words import ARRIVAL, PRESENCE

    done = _ask("confirm", review_id, patient, by)
    arrivals, presences = done.arrivals, done.presences
    if as_json:
        print_json([*map(asdict, arrivals), *map(asdict, presences)])
    elif arrivals or presences:
        for one in arrivals:
            say(f"{one.appointment_ref}: {ARRIVAL[one.recorded]}.")
        for seen in presences:
            about = seen.appointment_ref or "without an appointment"
            say(f"{about}: seen {seen.flag.value}, {PRESENCE[seen.recorded]}.")
        say("What you have confirmed is kept.")
    else:
        say("Confirmed; there was no appointment left to arrive at.")
    became = {one.recorded for one in arrivals} | {one.recorded for one in presences}
    if became and became <= _NOTHING:
        raise NoMatchError(
            f"review {review_id}: confirmed, and nothing could be written; check the patient in by "
            "code or by hand"
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
    """A line for each candidate and what a confirmation leads to."""
    for candidate in review.candidates:
        leads: list[tuple[AppointmentReport | None, str]] = [
            (one, "conflict" if review.reason.value == "noshow_set" else "arrived")
            for one in candidate.appointments
        ]
        leads += [(one.appointment, one.flag.value) for one in candidate.seen]
        for appointment, to in leads or [(None, "")]:
            starts = appointment.starts_at.astimezone(zone) if appointment else None
            yield {
                "review": review.review_id[:_SHORT],
                "seen": review.captured_at,
                "until": review.expires_at,
                "where": review.device_id or review.camera_id,
                "how": _how(review),
                "why": review.reason.value.replace("_", " "),
                "patient_ref": candidate.patient_ref,
                "score": candidate.score,
                "needed": review.threshold,
                "appointment_ref": appointment.appointment_ref if appointment else None,
                "starts": f"{starts:%H:%M}" if starts else None,
                "leads_to": to or None,
                "practitioner": appointment.practitioner if appointment else None,
            }


def _how(review: "ReviewReport") -> str:
    """The method, and the grade where it says more."""
    method, grade = review.method.value, review.evidence.value
    return method if method == grade else f"{method} ({grade})"
