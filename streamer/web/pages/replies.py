"""`/reports/mine`: practitioners answer for their visits, others decide about that."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Request, Response

from streamer.domain.actor import acted_as
from streamer.domain.consent import Language
from streamer.domain.page import Slice
from streamer.domain.report.reply import Reply, ReplyState
from streamer.domain.report.revision import ReportState, RevisionEntry
from streamer.domain.report.row import ReportRow, RowKind
from streamer.web.clinic import Clinic
from streamer.web.pages.rendering import Pages
from streamer.web.pages.router import page_router
from streamer.web.parts import Parts
from streamer.web.permissions import Permission
from streamer.web.principal import Principal
from streamer.web.require import require
from streamer.web.resources import Resources
from streamer.web.row_scope import is_own

replies_page = page_router()

# A page that somebody works through: what was answered makes place for the next.
MOST_ROWS: Final = 200


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A visit of one's own to be answered.

    Attributes:
        rejected: The last answer, where that was not accepted.
        evidence: The page of its row.
        why: What there is to answer, in words.
    """

    entry: RevisionEntry
    row: ReportRow
    rejected: Reply | None
    evidence: str
    why: Sequence[str]


@dataclass(frozen=True, slots=True)
class Waiting:
    """An answer that somebody has to decide about.

    Attributes:
        evidence: The page of its row.
        until: When nothing is decided any more; None = it is too late, or the report is gone.
        own: It is for another person to decide.
    """

    reply: Reply
    evidence: str
    until: datetime | None
    own: bool


@replies_page.get("/reports/mine")
async def show_replies_page(
    request: Request,
    pages: Pages,
    parts: Parts,
    clinic: Clinic,
    principal: Annotated[Principal, require(Permission.REPLIES_READ)],
) -> Response:
    """Show one's own visits to answer for and answers, and to who decides those that wait."""
    now, zone = parts.clock.now(), clinic.zone
    answers: list[Reply] = []
    unanswered: list[Unanswered] = []
    if may_answer := principal.may(Permission.REPLIES_WRITE):
        answers, unanswered = await _own(clinic, principal, pages.language(request))
    waiting: list[Waiting] = []
    more_wait = False
    if may_decide := principal.may(Permission.REPLIES_DECIDE):
        found = await clinic.replies.listed(
            principal.actor, Slice(MOST_ROWS), state=ReplyState.WAITING
        )
        more_wait = found.after is not None
        until = _open_until(await clinic.reports.entries(), now) if found.items else {}
        waiting = [
            Waiting(
                one,
                evidence_of(one.report_id, one.kind, one.ref, one.visit_at.astimezone(zone)),
                until.get(one.report_id),
                is_own(principal, one.practitioner_ref)
                or acted_as(one.written_by, principal.account),
            )
            for one in found.items
        ]
    return pages.render(
        request,
        "replies.html",
        may_answer=may_answer,
        may_decide=may_decide,
        nobody=not principal.practitioner_refs,
        unanswered=unanswered[:MOST_ROWS],
        count=len(unanswered),
        most=MOST_ROWS,
        answers=answers[:MOST_ROWS],
        more_answers=len(answers) > MOST_ROWS,
        waiting=waiting,
        more_wait=more_wait,
    )


async def _own(
    clinic: Resources, principal: Principal, language: Language
) -> tuple[list[Reply], list[Unanswered]]:
    refs, by = principal.practitioner_refs, principal.actor
    answers = list(await clinic.replies.whole(by, refs))
    # The newest first: of several to one visit that one stays.
    last = {(one.kind, one.ref): one for one in reversed(answers)}
    unanswered = []
    for one in await clinic.replies.answerable(by, refs):
        row, report_id = one.row, one.entry.report_id
        reply = last.get((row.kind, row.ref))
        if reply is None or reply.state is ReplyState.REJECTED:
            evidence = evidence_of(
                report_id, row.kind, row.ref, row.at.astimezone(clinic.zone), row.practitioner_ref
            )
            why = clinic.reports.why_answerable(row, language)
            unanswered.append(Unanswered(one.entry, row, reply, evidence, why))
    return answers, unanswered


def _open_until(entries: Sequence[RevisionEntry], now: datetime) -> dict[UUID, datetime]:
    """Until when answers to a report are decided, of those where they still are."""
    final = {one.report_id for one in entries if one.state is ReportState.FINAL}
    return {
        one.report_id: one.final_on
        for one in entries
        if one.report_id not in final and now < one.final_on
    }


def evidence_of(
    report_id: UUID, kind: RowKind, ref: str, at: datetime, practitioner_ref: str | None = None
) -> str:
    """Return the page of a row.

    Args:
        report_id: Of the report it stands in.
        kind: With `ref`: the row.
        ref: The clinic's reference.
        at: When it was, in the site's time: its day.
        practitioner_ref: Whose part of the report it is read in; None = the whole.
    """
    query = {"day": at.date().isoformat(), "kind": kind.value, "ref": ref}
    if practitioner_ref is not None:
        query["practitioner"] = practitioner_ref
    return f"/reports/{report_id}/rows?" + urlencode(query)
