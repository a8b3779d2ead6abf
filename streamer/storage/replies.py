"""Practitioners' answers to reports, and what another person said of each. See `reporting/replies`.

Their words are sealed under the patient's key: with that they go when the patient is erased.
"""

from collections.abc import Collection
from datetime import datetime, tzinfo
from uuid import UUID, uuid4

import asyncpg

from streamer.crypto.vault import Vault
from streamer.domain.actor import Actor
from streamer.domain.audit_event import AuditAction, AuditEvent, AuditKind
from streamer.domain.page import Page, Slice
from streamer.domain.report.period import Period
from streamer.domain.report.reply import Reply, ReplyState
from streamer.domain.report.row import ReportRow, RowKind
from streamer.errors import InputError
from streamer.storage.audit import append
from streamer.storage.local_day import LocalDay
from streamer.storage.own_patients import practitioner_refs_of
from streamer.storage.page_reader import moment, place_of
from streamer.storage.patient_erasure import nobody_ref
from streamer.storage.postgres import Connection, Postgres
from streamer.storage.queries import sql
from streamer.storage.reply_words import ReplyWords


class PostgresReplies:
    """Of one site; every method raises DatabaseError."""

    def __init__(self, postgres: Postgres, vault: Vault, site_id: str, zone: tzinfo) -> None:
        """Keep the collaborators; days are the site's."""
        self._postgres = postgres
        self._vault = vault
        self._site_id = site_id
        self._zone = zone

    async def visit_at(self, kind: RowKind, ref: str) -> datetime | None:
        """When what a row is about began, as the database has it now; None = it has none."""
        async with self._postgres.connection() as connection:
            row = await connection.fetchrow(sql("row_of_report"), self._site_id, kind.value, ref)
        return None if row is None else row["at"]

    async def add(
        self,
        report_id: UUID,
        row: ReportRow,
        words: tuple[str, str | None],
        by: Actor,
        now: datetime,
    ) -> Reply:
        """Keep an answer; whether it may be given was asked before.

        Args:
            report_id: In which report the row was answered.
            row: What it is about.
            words: Reason, and where the document is.
            by: Who writes it.
            now: Aware.

        Raises:
            InputError: There is one already, or nobody to answer for any more.
            VaultError: The patient's key does not open.
        """
        reply_id = uuid4()
        async with self._postgres.transaction() as connection:
            found = await connection.fetchrow(
                sql("row_of_report"), self._site_id, row.kind.value, row.ref
            )
            patient = None if found is None else await self._patient(connection, found)
            if patient is None:
                raise InputError(
                    f"{row.kind} {row.ref}: its patient was erased; nothing is to be answered",
                    code="reply_erased",
                )
            patient_id: UUID = patient["patient_id"]
            sealed = ReplyWords(self._vault, patient_id, reply_id).seal(
                patient["wrapped_key"], *words
            )
            made = await connection.fetchval(
                sql("insert_reply"),
                reply_id,
                self._site_id,
                report_id,
                row.kind.value,
                row.ref,
                patient_id,
                row.practitioner_ref,
                row.at,
                sealed,
                by.name,
                now,
            )
            if made is None:
                raise InputError(
                    f"{row.kind} {row.ref}: there is an answer that was not rejected already",
                    code="reply_known",
                )
            event = _event(AuditAction.CREATE, reply_id, patient_id, by, now, report_id, "answered")
            await append(connection, self._site_id, [event])
        return Reply(
            reply_id,
            report_id,
            row.kind,
            row.ref,
            row.practitioner_ref,
            row.at,
            *words,
            by.name,
            now,
            ReplyState.WAITING,
        )

    async def find(self, reply_id: UUID) -> tuple[UUID, Reply]:
        """Return the report an answer was given to, and it.

        Raises:
            InputError: There is none.
            VaultError: It does not open.
        """
        async with self._postgres.connection() as connection:
            row = await connection.fetchrow(sql("read_reply"), self._site_id, reply_id)
        if row is None:
            raise _unknown(reply_id)
        return row["report_id"], self._reply(row)

    async def listed(
        self,
        by: Actor,
        now: datetime,
        part: Slice,
        *,
        report_id: UUID | None = None,
        practitioner_refs: Collection[str] | None = None,
        state: ReplyState | None = None,
    ) -> Page[Reply]:
        """Return a page of answers; that somebody read them is in the audit.

        The newest first; of those that wait the oldest, which is the next to run out of time.

        Args:
            by: Who reads.
            now: Aware.
            part: Which of them.
            report_id: Those given to one report; None = to any.
            practitioner_refs: Of these practitioners; None = of all.
            state: In this state; None = in any.

        Raises:
            InputError: `part` is no place in this list.
            VaultError: One does not open.
        """
        refs = None if practitioner_refs is None else list(practitioner_refs)
        where = (self._site_id, report_id, refs, None if state is None else state.value)
        oldest_first = state is ReplyState.WAITING
        after = place_of(part, moment, UUID)
        async with self._postgres.transaction() as connection:
            # One more than wanted says whether there are more.
            rows = await connection.fetch(
                sql("list_replies"), *where, oldest_first, *after, part.limit + 1
            )
            shown = rows[: part.limit]
            replies = tuple(self._reply(row) for row in shown)
            whose = sorted({str(row["patient_id"]) for row in shown})
            event = AuditEvent(
                AuditKind.PATIENT_READ,
                AuditAction.READ,
                by.name,
                now,
                entity_type="report-reply",
                detail=(("rows", len(shown)), ("patients", ",".join(whose) or None)),
            )
            if shown:
                await append(connection, self._site_id, [event])
        if len(rows) == len(shown):
            return Page(replies)
        return Page(replies, (shown[-1]["written_at"].isoformat(), str(shown[-1]["reply_id"])))

    async def decide(
        self, reply_id: UUID, state: ReplyState, note: str | None, by: Actor, now: datetime
    ) -> None:
        """Write what another person said; whether they may was asked before.

        Raises:
            InputError: There is no such answer, or somebody has decided meanwhile.
            VaultError: The patient's key does not open.
        """
        async with self._postgres.transaction() as connection:
            row = await connection.fetchrow(sql("read_reply"), self._site_id, reply_id)
            if row is None:
                raise _unknown(reply_id)
            patient_id: UUID = row["patient_id"]
            patient = await self._patient(connection, row)
            sealed = None
            # Of an erased patient no words are kept any more.
            if note is not None and patient is not None:
                words = ReplyWords(self._vault, patient_id, reply_id)
                sealed = words.seal_note(patient["wrapped_key"], note)
            decided = await connection.fetchval(
                sql("decide_reply"), self._site_id, reply_id, state.value, sealed, by.name, now
            )
            if decided is None:
                raise InputError(
                    f"answer {reply_id}: was decided already; look at it again",
                    code="reply_decided",
                )
            event = _event(
                AuditAction.UPDATE, reply_id, patient_id, by, now, row["report_id"], state.value
            )
            await append(connection, self._site_id, [event])

    async def billed_by(self, by: Actor) -> Collection[str]:
        """Return whose appointments somebody bills, as the settings and their account say."""
        async with self._postgres.connection() as connection:
            return await practitioner_refs_of(connection, self._site_id, by)

    async def explained(self, period: Period) -> frozenset[tuple[RowKind, str]]:
        """Return the rows of a period whose answer was accepted."""
        start, end = LocalDay(period.first, self._zone).start, LocalDay(period.last, self._zone).end
        async with self._postgres.connection() as connection:
            rows = await connection.fetch(sql("explained_rows"), self._site_id, start, end)
        return frozenset((RowKind(row["kind"]), row["ref"]) for row in rows)

    async def _patient(self, connection: Connection, row: asyncpg.Record) -> asyncpg.Record | None:
        """Lock a row's patient, as everybody does who writes under their key; None = erased."""
        found = await connection.fetchrow(sql("lock_patient"), self._site_id, row["patient_id"])
        if found is None or found["patient_ref"] == nobody_ref(found["patient_id"]):
            return None
        return found

    def _reply(self, row: asyncpg.Record) -> Reply:
        words = ReplyWords(self._vault, row["patient_id"], row["reply_id"])
        reason, document_ref = words.open(row["wrapped_key"], row["sealed_answer"])
        note = row["sealed_note"]
        return Reply(
            row["reply_id"],
            row["report_id"],
            RowKind(row["kind"]),
            row["ref"],
            row["practitioner_ref"],
            row["visit_at"],
            reason,
            document_ref,
            row["written_by"],
            row["written_at"],
            ReplyState(row["state"]),
            row["decided_by"],
            row["decided_at"],
            None if note is None else words.open_note(row["wrapped_key"], note),
        )


def _unknown(reply_id: UUID) -> InputError:
    return InputError(
        f"answer {reply_id}: is unknown here", command="see `kirdi report reply list`"
    )


def _event(
    action: AuditAction,
    reply_id: UUID,
    patient_id: UUID,
    by: Actor,
    now: datetime,
    report_id: UUID,
    reason: str,
) -> AuditEvent:
    return AuditEvent(
        AuditKind.REPORT,
        action,
        by.name,
        now,
        patient_id=patient_id,
        entity_type="report-reply",
        entity_id=str(reply_id),
        reason=reason,
        detail=(("report", str(report_id)),),
    )
