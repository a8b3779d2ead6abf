"""What the routes of answers to reports ask for. Filled by `streamer.reporting.replies`."""

from collections.abc import Collection, Sequence
from typing import Protocol
from uuid import UUID

from streamer.domain.actor import Actor
from streamer.domain.page import Page, Slice
from streamer.domain.report.answerable import Answerable
from streamer.domain.report.reply import Reply, ReplyState
from streamer.domain.report.revision import Revision
from streamer.domain.report.row import RowKind


class Replies(Protocol):
    """Practitioners' answers. All raise DatabaseError and VaultError."""

    async def listed(
        self,
        by: Actor,
        part: Slice,
        *,
        report_id: UUID | None = None,
        practitioner_refs: Collection[str] | None = None,
        state: ReplyState | None = None,
    ) -> Page[Reply]:
        """Those given to a report, of these practitioners or (None) of all, the newest first.

        Of those that wait the oldest first. Raises InputError where `part` is none of the list.
        """
        ...

    async def whole(self, by: Actor, practitioner_refs: Collection[str]) -> Sequence[Reply]:
        """Every answer of these practitioners, the newest first."""
        ...

    async def answerable(
        self, by: Actor, practitioner_refs: Collection[str]
    ) -> Sequence[Answerable]:
        """Rows that these practitioners may answer in preliminary reports, the newest first.

        Raises AuditError where a report was changed.
        """
        ...

    async def report_of(self, reply_id: UUID) -> UUID:
        """To which report one was given; raises InputError where there is none."""
        ...

    async def add(
        self,
        report_id: UUID,
        kind: RowKind,
        ref: str,
        reason: str,
        document_ref: str | None,
        by: Actor,
    ) -> Reply:
        """Answer a row; raises NotYoursError, and InputError."""
        ...

    async def decide(
        self, reply_id: UUID, state: ReplyState, note: str | None, by: Actor
    ) -> tuple[Reply, Revision | None]:
        """Accept or reject one; raises NotYoursError, and InputError."""
        ...
