"""`kirdi report reply`: practitioners answer for visits, others accept or reject that."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, TypeVar
from uuid import UUID

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
from streamer.domain.report.reply import Reply, ReplyState
from streamer.domain.report.row import RowKind
from streamer.embedded.home import kirdi_home
from streamer.errors import InputError

if TYPE_CHECKING:
    from streamer.domain.report.revision import Revision
    from streamer.reporting.replies import ReportReplies

app = typer.Typer(
    help="Answers of practitioners to reports, and what became of them.", no_args_is_help=True
)

COLUMNS = (
    "reply",
    "state",
    "kind",
    "ref",
    "practitioner",
    "reason",
    "document",
    "written_by",
    "written",
    "decided_by",
    "note",
)

ReplyId = Annotated[UUID, typer.Argument(help="The answer's id.")]

_T = TypeVar("_T")


@app.command()
def add(
    report: Annotated[UUID, typer.Argument(help="The report's id, as printed on it.")],
    reason: Annotated[
        str,
        typer.Option("--reason", help="Your words; - reads them from the standard input."),
    ],
    appointment: Annotated[
        str | None, typer.Option("--appointment", metavar="REF", help="Which appointment,")
    ] = None,
    claim: Annotated[
        str | None, typer.Option("--claim", metavar="REF", help="or which billed service.")
    ] = None,
    document: Annotated[
        str | None,
        typer.Option("--document", metavar="REF", help="Where the document is that shows it."),
    ] = None,
    by: ByOption = "",
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Answer for a visit or claim of one's own; another person has to accept it.

    One that is unverified, at risk, or stands out by a rule.

    Who bills whom the settings (`staff.practitioners`) and the accounts say. Other users of this
    machine may see what stands in a command: rather give the reason by the standard input.
    """
    settings = read_settings(config)
    who = acting(settings, by)
    if (appointment is None) == (claim is None):
        raise InputError("give --appointment or --claim, and not both")
    kind, ref = (
        (RowKind.APPOINTMENT, appointment) if appointment is not None else (RowKind.CLAIM, claim)
    )
    assert ref is not None
    words = _said(reason)

    async def work(replies: "ReportReplies") -> Reply:
        return await replies.add(report, kind, ref, words, document, who)

    reply = asyncio.run(_with_replies(settings, work))
    if as_json:
        print_json([asdict(reply)])
    else:
        say(f"Answer {reply.reply_id}: is kept; another person has to accept it.")


@app.command("list")
def list_(
    report: Annotated[
        UUID | None, typer.Option("--report", metavar="ID", help="Only those to this report.")
    ] = None,
    state: Annotated[
        ReplyState | None, typer.Option("--state", help="Only those in this state.")
    ] = None,
    by: ByOption = "",
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """List answers, the newest first; practitioners see their own. Who looks is in the audit.

    Of those that wait the oldest comes first: it is the next to run out of time.
    """
    settings = read_settings(config)
    who = acting(settings, by)

    async def work(replies: "ReportReplies") -> Sequence[Reply]:
        own = who.practitioner_refs or None
        return await replies.whole(who, own, report_id=report, state=state)

    found = asyncio.run(_with_replies(settings, work))
    if as_json:
        print_json([asdict(one) for one in found])
        return
    zone = settings.site.zone
    rows: list[dict[str, object]] = [
        {
            "reply": one.reply_id,
            "state": one.state,
            "kind": one.kind,
            "ref": one.ref,
            "practitioner": one.practitioner_ref,
            "reason": one.reason,
            "document": one.document_ref,
            "written_by": one.written_by,
            "written": f"{one.written_at.astimezone(zone):%Y-%m-%d %H:%M}",
            "decided_by": one.decided_by,
            "note": one.note,
        }
        for one in found
    ]
    print_rows(Rows(COLUMNS, rows), as_json=False, empty="There are no answers.")


@app.command()
def accept(
    reply_id: ReplyId,
    note: Annotated[
        str | None, typer.Option("--note", help="What you looked at; - reads it likewise.")
    ] = None,
    by: ByOption = "",
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Accept an answer: the visit is explained, and a new revision says so.

    Not your own answer, nor one about a visit that you bill.
    """
    _decide(reply_id, ReplyState.ACCEPTED, note, by, config, as_json)


@app.command()
def reject(
    reply_id: ReplyId,
    note: Annotated[str, typer.Option("--note", help="Why; the practitioner may answer again.")],
    by: ByOption = "",
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Reject an answer; the visit stays as it is."""
    _decide(reply_id, ReplyState.REJECTED, note, by, config, as_json)


def _said(text: str) -> str:
    """What was given; - is the standard input's."""
    return sys.stdin.read() if text == "-" else text


def _decide(
    reply_id: UUID,
    state: ReplyState,
    note: str | None,
    by: str,
    config: ConfigOption,
    as_json: bool,
) -> None:
    settings = read_settings(config)
    who = acting(settings, by)
    words = None if note is None else _said(note)

    async def work(replies: "ReportReplies") -> "tuple[Reply, Revision | None]":
        return await replies.decide(reply_id, state, words, who)

    reply, revision = asyncio.run(_with_replies(settings, work))
    if as_json:
        number = None if revision is None else revision.entry.number
        print_json([asdict(reply) | {"revision": number}])
        return
    say(f"Answer {reply.reply_id}: {reply.state}.")
    if revision is not None:
        say(f"The report is in revision {revision.entry.number} now.")


async def _with_replies(settings: Settings, work: Callable[["ReportReplies"], Awaitable[_T]]) -> _T:
    from streamer.backend import open_backend
    from streamer.site_jobs import report_replies

    async with open_backend(settings, kirdi_home(os.environ), SystemClock()) as backend:
        return await work(report_replies(backend))
