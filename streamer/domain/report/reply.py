"""A practitioner's answer to an `unverified` visit of theirs: the right of reply."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from streamer.domain.report.row import RowKind


class ReplyState(StrEnum):
    """What became of it."""

    WAITING = "waiting"
    ACCEPTED = "accepted"
    """By another person: the visit counts as explained."""
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer; sealed where it is kept, since reasons say things about patients.

    Attributes:
        report_id: To which report it was given.
        kind: With `ref`: the appointment or claim it is about.
        visit_at: When the visit began, or was to begin; aware.
        reason: Words of the practitioner.
        document_ref: Where the document lies that shows it; None = there is none.
        decided_by: Never who wrote it, nor the practitioner who bills.
        note: Words of whoever decided.
    """

    reply_id: UUID
    report_id: UUID
    kind: RowKind
    ref: str
    practitioner_ref: str
    visit_at: datetime
    reason: str
    document_ref: str | None
    written_by: str
    written_at: datetime
    state: ReplyState
    decided_by: str | None = None
    decided_at: datetime | None = None
    note: str | None = None
