"""`/reports/{report}/replies`: practitioners answer for their visits, other people decide."""

from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from streamer.domain.report.reply import ReplyState
from streamer.errors import InputError, NotYoursError
from streamer.web.clinic import Clinic
from streamer.web.documented import PROBLEMS, WRITE
from streamer.web.models.base import Listed
from streamer.web.models.replies import (
    ReplyAccepted,
    ReplyRejected,
    ReplyWanted,
    ReportReply,
    shown,
)
from streamer.web.once import Once
from streamer.web.paging import PageAsked
from streamer.web.permissions import Permission
from streamer.web.principal import Principal
from streamer.web.problem import forbidden, not_found
from streamer.web.require import require
from streamer.web.resources import Resources
from streamer.web.router import router
from streamer.web.row_scope import RowScope, row_scope

replies = router("/reports/{report_id}/replies", "reports")

Reader = Annotated[Principal, require(Permission.REPLIES_READ)]
Practitioner = Annotated[Principal, require(Permission.REPLIES_WRITE)]
Decider = Annotated[Principal, require(Permission.REPLIES_DECIDE)]


@replies.get("", responses=PROBLEMS)
async def list_report_replies(
    principal: Reader,
    clinic: Clinic,
    paging: PageAsked,
    report_id: UUID,
    state: Annotated[ReplyState | None, Query(description="only those in this state")] = None,
) -> Listed[ReportReply]:
    """List the answers given to a report, the newest first; practitioners see their own.

    Of those that wait the oldest comes first. Who read them is in the audit.
    """
    own = row_scope(principal, Permission.REPLIES_READ) is not RowScope.ALL
    found = await clinic.replies.listed(
        principal.actor,
        paging.slice,
        report_id=report_id,
        practitioner_refs=principal.practitioner_refs if own else None,
        state=state,
    )
    return paging.answer(found, shown)


@replies.post("", status_code=HTTPStatus.CREATED, response_model=ReportReply, responses=WRITE)
async def answer_report(
    principal: Practitioner, clinic: Clinic, once: Once, report_id: UUID, sent: ReplyWanted
) -> Response:
    """Answer for a visit or claim of one's own, as long as the report is preliminary.

    One that is unverified, at risk, or stands out by a rule.
    It is kept sealed. Another person has to accept it; until then nothing changes.
    """

    async def add() -> ReportReply:
        try:
            reply = await clinic.replies.add(
                report_id, sent.kind, sent.ref, sent.reason, sent.document_ref, principal.actor
            )
        except NotYoursError as error:
            # What others' visits are is nothing to tell.
            raise not_found("visit of yours in this report") from error
        return shown(reply)

    return await once(add, HTTPStatus.CREATED)


@replies.post("/{reply_id}/accept", response_model=ReportReply, responses=WRITE)
async def accept_reply(
    principal: Decider,
    clinic: Clinic,
    once: Once,
    report_id: UUID,
    reply_id: UUID,
    sent: ReplyAccepted,
) -> Response:
    """Accept an answer: the visit is explained, and a new revision of the report says so.

    Not by whoever wrote it or bills the visit.
    """
    asked = (report_id, reply_id, ReplyState.ACCEPTED, sent.note)
    return await once(lambda: _decided(clinic, principal, *asked))


@replies.post("/{reply_id}/reject", response_model=ReportReply, responses=WRITE)
async def reject_reply(
    principal: Decider,
    clinic: Clinic,
    once: Once,
    report_id: UUID,
    reply_id: UUID,
    sent: ReplyRejected,
) -> Response:
    """Reject an answer, and say why; the practitioner may give another one."""
    asked = (report_id, reply_id, ReplyState.REJECTED, sent.note)
    return await once(lambda: _decided(clinic, principal, *asked))


async def _decided(
    clinic: Resources,
    principal: Principal,
    report_id: UUID,
    reply_id: UUID,
    state: ReplyState,
    note: str | None,
) -> ReportReply:
    try:
        given_to = await clinic.replies.report_of(reply_id)
    except InputError as error:
        raise not_found("answer to this report") from error
    if given_to != report_id:
        raise not_found("answer to this report")
    try:
        reply, revision = await clinic.replies.decide(reply_id, state, note, principal.actor)
    except NotYoursError as error:
        raise forbidden("another person decides than who wrote it or bills the visit") from error
    return shown(reply, None if revision is None else revision.entry.number)
