"""Answers to reports: the right of reply."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from streamer.domain.report import reply as domain
from streamer.domain.report.reply import ReplyState
from streamer.domain.report.row import RowKind
from streamer.web.fields import Reference
from streamer.web.models.base import Answer, Sent

Words = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True,
        min_length=3,
        max_length=2000,
        pattern=r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]+$",
    ),
]
"""What a person says in their own words, of several lines perhaps."""

DocumentRef = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$"
    ),
]


class ReplyWanted(Sent):
    """An answer to a row of one's own: unverified, at risk, or found by a rule."""

    kind: RowKind
    ref: Reference = Field(description="the appointment's or claim's reference")
    reason: Words = Field(description="why nobody was seen, or what is to be said of the rule")
    document_ref: DocumentRef | None = Field(
        None, description="where the document is that shows it"
    )


class ReplyAccepted(Sent):
    """Another person accepts it."""

    note: Words | None = Field(None, description="what was looked at")


class ReplyRejected(Sent):
    """Another person rejects it."""

    note: Words = Field(description="why; the practitioner may answer again")


class ReportReply(Answer):
    """An answer."""

    reply_id: UUID
    kind: RowKind
    ref: str
    practitioner_ref: str
    reason: str
    document_ref: str | None
    written_by: str
    written_at: datetime
    state: ReplyState
    decided_by: str | None
    decided_at: datetime | None
    note: str | None
    revision: int | None = Field(
        None, description="once it is accepted, of that answer only: the revision it counts in"
    )


def shown(reply: domain.Reply, revision: int | None = None) -> ReportReply:
    """A reply as it is answered."""
    return ReportReply.model_validate(reply).model_copy(update={"revision": revision})
