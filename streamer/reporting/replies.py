"""The right of reply: who may answer which row of a report, who may accept it, and until when.

Used by `kirdi report reply` and the API. What was accepted makes a new revision at once.
"""

import asyncio
import unicodedata
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog

from streamer.backend import Backend
from streamer.domain.actor import Actor, names_in
from streamer.domain.page import Page, Slice
from streamer.domain.report.answerable import Answerable
from streamer.domain.report.reply import Reply, ReplyState
from streamer.domain.report.revision import ReportState, Revision, RevisionEntry
from streamer.domain.report.row import ReportRow, RowKind
from streamer.errors import InputError, KirdiError, NotYoursError
from streamer.reporting.answerable import answerable_rows, may_be_answered
from streamer.reporting.post import ReportPost
from streamer.reporting.runs import ReportRuns
from streamer.reports.row_json import rows_of
from streamer.storage.alongside import apart

log = structlog.get_logger(__name__)

MOST_WORDS: Final = 2_000
"""Characters of a reason or a note."""
MOST_DOCUMENT: Final = 200
# Answers of one look, which is in the audit with everybody it shows.
_AT_ONCE: Final = 200
_NO_TEXT: Final = ("Cc", "Cs")


class ReportReplies:
    """Of one site."""

    def __init__(self, backend: Backend, runs: ReportRuns, post: ReportPost) -> None:
        """Keep the collaborators; `post` sends what a schedule wants sent of a new revision."""
        self._backend = backend
        self._replies = backend.replies
        self._reports = backend.reports
        self._runs = runs
        self._post = post

    async def add(
        self,
        report_id: UUID,
        kind: RowKind,
        ref: str,
        reason: str,
        document_ref: str | None,
        by: Actor,
    ) -> Reply:
        """Answer a row of one's own: unverified, or one that a rule found or that is at risk.

        Args:
            report_id: In which report it stands.
            kind: With `ref`: the row.
            ref: The clinic's reference.
            reason: Why nobody was seen, or what is to be said of the rule.
            document_ref: Where the document lies that shows it.
            by: The practitioner.

        Raises:
            NotYoursError: It is somebody else's visit.
            InputError: There is no such row, it needs no answer, has one, or the period is final.
            DatabaseError: It is not known to be kept.
            VaultError: The patient's key does not open.
        """
        words = _text("the reason", reason, MOST_WORDS), _document(document_ref)
        entry = (await self._reports.revision(report_id)).entry
        row = await self.row(entry, kind, ref)
        if row is None or row.practitioner_ref not in await self._replies.billed_by(by):
            # One answer for both: what others' visits are is nothing to tell.
            raise NotYoursError(
                f"{kind} {ref}: is no visit of yours in this report; a practitioner answers for "
                "their own, and only they do"
            )
        if not may_be_answered(row):
            raise InputError(
                f"{kind} {ref}: its verdict is {row.verdict}, and no rule stands out at it; there "
                "is nothing to answer",
                code="reply_not_needed",
            )
        now = self._open(entry)
        return await self._replies.add(report_id, row, words, by, now)

    async def decide(
        self, reply_id: UUID, state: ReplyState, note: str | None, by: Actor
    ) -> tuple[Reply, Revision | None]:
        """Accept or reject an answer.

        Args:
            reply_id: Which.
            state: What it becomes.
            note: Words of whoever decides; a rejection needs some.
            by: Another person than who wrote it or bills the visit.

        Returns:
            The answer, and the revision in which an accepted one counts; None where that could not
            be made just now: the next one has it.

        Raises:
            NotYoursError: It is their own, one way or the other.
            InputError: There is none, it was decided already, or the period is final.
            DatabaseError: It is not known to be kept.
            VaultError: The patient's key does not open.
        """
        said = None if note is None or not note.strip() else _text("the note", note, MOST_WORDS)
        if state is ReplyState.REJECTED and said is None:
            raise InputError("a rejection needs a note: the practitioner has to know why")
        report_id, reply = await self._replies.find(reply_id)
        bills = reply.practitioner_ref in await self._replies.billed_by(by)
        if bills or same_person(reply.written_by, by.name):
            raise NotYoursError(
                f"answer {reply_id}: another person decides than who wrote it or bills the visit"
            )
        entry = (await self._reports.revision(report_id)).entry
        now = self._open(entry)
        await self._replies.decide(reply_id, state, said, by, now)
        revision = await self._remade(entry, by) if state is ReplyState.ACCEPTED else None
        return (await self._replies.find(reply_id))[1], revision

    async def answerable(
        self, by: Actor, practitioner_refs: Collection[str]
    ) -> Sequence[Answerable]:
        """Return practitioners' rows that may be answered, as `answerable_rows` does."""
        return await answerable_rows(self._runs, practitioner_refs, by, self._backend.clock.now())

    async def whole(
        self,
        by: Actor,
        practitioner_refs: Collection[str] | None = None,
        *,
        report_id: UUID | None = None,
        state: ReplyState | None = None,
    ) -> Sequence[Reply]:
        """Return a list of answers from beginning to end; raises as `listed`."""
        found: list[Reply] = []
        after: tuple[str, ...] | None = ()
        while after is not None:
            part = Slice(_AT_ONCE, after)
            page = await self.listed(
                by, part, report_id=report_id, practitioner_refs=practitioner_refs, state=state
            )
            found += page.items
            after = page.after
        return found

    async def listed(
        self,
        by: Actor,
        part: Slice,
        *,
        report_id: UUID | None = None,
        practitioner_refs: Collection[str] | None = None,
        state: ReplyState | None = None,
    ) -> Page[Reply]:
        """Return a page of answers as `PostgresReplies.listed` does."""
        return await self._replies.listed(
            by,
            self._backend.clock.now(),
            part,
            report_id=report_id,
            practitioner_refs=practitioner_refs,
            state=state,
        )

    async def report_of(self, reply_id: UUID) -> UUID:
        """Return the report an answer was given to; raises InputError where there is none."""
        return (await self._replies.find(reply_id))[0]

    async def _remade(self, entry: RevisionEntry, by: Actor) -> Revision | None:
        try:
            # The answer is accepted by now, whoever asked for it and with what key.
            with apart():
                revision = await self._runs.make(entry.period, by)
                await self._post.later(revision.entry)
        except KirdiError as error:
            log.error("no revision made of an accepted answer", reason=str(error))
            return None
        return revision

    async def row(self, entry: RevisionEntry, kind: RowKind, ref: str) -> ReportRow | None:
        """Return a row of a revision; None = it has none of this name; raises DatabaseError."""
        period, zone = entry.period, self._backend.settings.site.zone
        days = [period.first + timedelta(days=place) for place in range(period.days)]
        at = await self._replies.visit_at(kind, ref)
        if at is None:
            return None
        likely = at.astimezone(zone).date()
        # The visit may have been moved since: then it is looked for.
        for day in sorted(days, key=lambda one: one != likely):
            lines = await self._reports.lines(entry.report_id, entry.number, day)
            for row in await asyncio.to_thread(rows_of, lines):
                if row.kind is kind and row.ref == ref:
                    return row
        return None

    def _open(self, entry: RevisionEntry) -> datetime:
        """Return the time, if answers are still taken."""
        now = self._backend.clock.now()
        if entry.state is ReportState.FINAL or now >= entry.final_on:
            final_on = entry.final_on.astimezone(self._backend.settings.site.zone)
            raise InputError(
                f"the report of {entry.period.said} is final since "
                f"{final_on:%Y-%m-%d %H:%M}; answers are taken and decided before only",
                code="reply_final",
            )
        return now


def same_person(written_by: str, decided_by: str) -> bool:
    """Has one person a hand in both, acting or speaking for somebody?

    Whoever runs commands for two people is not held to be either of them.
    """
    writers, deciders = names_in(written_by), names_in(decided_by)
    return writers[0] in deciders or deciders[0] in writers


def _text(what: str, text: str, most: int) -> str:
    said = _plain(what, text)
    if not 3 <= len(said) <= most:
        raise InputError(
            f"{what}: has {len(said)} characters; write 3 to {most}",
            code="reply_length",
            most=str(most),
        )
    return said


def _document(text: str | None) -> str | None:
    said = "" if text is None else _plain("the document's reference", text)
    if len(said) > MOST_DOCUMENT:
        raise InputError(f"the document's reference: write at most {MOST_DOCUMENT} characters")
    return said or None


def _plain(what: str, text: str) -> str:
    """Return it on one line.

    Raises:
        InputError: It holds what is no text: a control character, which a terminal would obey, or
            what came of bytes that are no UTF-8.
    """
    said = " ".join(text.split())
    if any(unicodedata.category(one) in _NO_TEXT for one in said):
        raise InputError(f"{what}: holds characters that are no text; write it in UTF-8")
    return said
