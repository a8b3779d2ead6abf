"""Keeps reports: each revision with all of its days, in one transaction, and never changes one.

Called by `reporting/runs`. What a header and rows say is not looked at here: they are text. It is
packed as zlib does it, by a library that is eight times as fast.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID, uuid4

import asyncpg
from isal import isal_zlib

from streamer.domain.audit_event import AuditEvent
from streamer.domain.report.period import Period, PeriodKind
from streamer.domain.report.report import TrendPoint
from streamer.domain.report.revision import ReportState, RevisionEntry
from streamer.errors import InputError
from streamer.storage.audit import append
from streamer.storage.packed_lines import picked_lines
from streamer.storage.postgres import Connection, Postgres
from streamer.storage.queries import sql

# Another maker of the same period may take as long as a year's report does.
_WAIT_S: Final = 900.0
_TIMEOUT_S: Final = 60.0
_SIZE: Final = 32


@dataclass(frozen=True, slots=True)
class KeptRevision:
    """A revision as it is kept.

    Attributes:
        header: The whole site's report, as `reports.report_json` writes it.
        day_digests: 32 bytes for each day of the period, in order.
        content: 32 bytes; the same for two makings that differ in nothing but their moment.
        changes: By name of the figure: before and after.
    """

    entry: RevisionEntry
    header: bytes
    day_digests: tuple[bytes, ...]
    content: bytes
    changes: Mapping[str, tuple[int, int]]


class OpenRevision:
    """A revision being written; it is there when the transaction is committed, and not before."""

    def __init__(
        self,
        connection: Connection,
        site_id: str,
        period: Period,
        known: tuple[UUID, datetime] | None,
        former: KeptRevision | None,
    ) -> None:
        """Made by `PostgresReports.writing`."""
        self._connection = connection
        self._site_id = site_id
        self._new = known is None
        self.period = period
        self.report_id = uuid4() if known is None else known[0]
        self.final_on = None if known is None else known[1]
        """When answers end, as it was set by the first revision; None = this is the first."""
        self.former = former
        self.number = 1 if former is None else former.entry.number + 1
        self.kept = False

    async def add(self, day: date, part: int, rows: bytes) -> None:
        """Write packed rows of a day: part 0 are those certain at once, part 1 the others."""
        where = (self._site_id, self.report_id, self.number, day, part)
        await self._connection.execute(sql("insert_report_day"), *where, rows, timeout=_TIMEOUT_S)

    async def lines_at(self, day: date, places: Collection[int]) -> Mapping[int, bytes]:
        """Read back some of the lines that were written of a day, by their places."""
        where = (self._site_id, self.report_id, self.number, day)
        packed = await _packed(self._connection, *where)
        return await asyncio.to_thread(picked_lines, packed, places)

    async def keep(self, made: KeptRevision, counts: tuple[int, int], event: AuditEvent) -> None:
        """Write the rest: what all of it comes to.

        Args:
            made: With this report's id and number.
            counts: Verified and unknown appointments.
            event: For the audit.
        """
        entry, period = made.entry, made.entry.period
        if self._new:
            await self._connection.execute(
                sql("insert_report"),
                self.report_id,
                self._site_id,
                period.kind.value,
                period.first,
                period.last,
                entry.final_on,
            )
        await self._connection.execute(
            sql("insert_revision"),
            self._site_id,
            self.report_id,
            self.number,
            entry.state.value,
            entry.made_at,
            entry.made_by,
            entry.digest,
            made.content,
            entry.appointments,
            counts[0],
            entry.unverified,
            counts[1],
            json.dumps({name: list(values) for name, values in made.changes.items()}),
            isal_zlib.compress(made.header),
            b"".join(made.day_digests),
        )
        await append(self._connection, self._site_id, [event])
        self.kept = True


class _NothingNewError(Exception):
    """Undoes the transaction of a revision that was not kept."""


class PostgresReports:
    """Of one site; every method raises DatabaseError."""

    def __init__(self, postgres: Postgres, site_id: str) -> None:
        """Keep the collaborators."""
        self._postgres = postgres
        self._site_id = site_id

    @asynccontextmanager
    async def writing(self, period: Period) -> AsyncIterator[OpenRevision]:
        """Make a revision of a period: nobody else makes one of it meanwhile, they wait.

        What was written is undone unless `OpenRevision.keep` was called, and by any exception.
        """
        lock = f"report {self._site_id} {period.kind.value} {period.first} {period.last}"
        where = (self._site_id, period.kind.value, period.first, period.last)
        try:
            async with self._postgres.transaction() as connection:
                await connection.execute(sql("lock_for_transaction"), lock, timeout=_WAIT_S)
                row = await connection.fetchrow(sql("report_of_period"), *where)
                known = None if row is None else (row["report_id"], row["final_on"])
                former = None if known is None else await self._read(connection, known[0], None)
                one = OpenRevision(connection, self._site_id, period, known, former)
                yield one
                if not one.kept:
                    raise _NothingNewError
        except _NothingNewError:
            pass

    async def entries(self, most: int = 1_000) -> list[RevisionEntry]:
        """Return all revisions of all reports, the newest period first."""
        async with self._postgres.connection() as connection:
            rows = await connection.fetch(sql("list_revisions"), self._site_id, most)
        return [entry_of(row) for row in rows]

    async def revision(self, report_id: UUID, number: int | None = None) -> KeptRevision:
        """Return one of a report's revisions, or its newest.

        Raises:
            InputError: There is none.
        """
        async with self._postgres.connection() as connection:
            found = await self._read(connection, report_id, number)
        if found is None:
            which = "" if number is None else f" has no revision {number}, or"
            raise InputError(
                f"report {report_id}:{which} is unknown here", command="see `kirdi report list`"
            )
        return found

    async def newest_of(self, period: Period, at: datetime | None = None) -> KeptRevision | None:
        """Return the newest revision about a period, or the newest of a moment; None = none."""
        where = (self._site_id, period.kind.value, period.first, period.last)
        async with self._postgres.connection() as connection:
            row = await connection.fetchrow(sql("report_of_period"), *where)
            return None if row is None else await self._read(connection, row["report_id"], None, at)

    async def lines(self, report_id: UUID, number: int, day: date) -> bytes:
        """Return the rows of a day, each a line of JSON."""
        async with self._postgres.connection() as connection:
            return await _lines(connection, self._site_id, report_id, number, day)

    async def former(self, period: Period, most: int) -> list[TrendPoint]:
        """Return the figures of earlier periods of this kind, the oldest first."""
        async with self._postgres.connection() as connection:
            rows = await connection.fetch(
                sql("former_reports"),
                self._site_id,
                period.kind.value,
                period.first,
                period.days - 1,
                most,
            )
        return [
            TrendPoint(
                Period(period.kind, row["first_day"], row["last_day"]),
                row["appointments"],
                row["verified"],
                row["unverified"],
                row["unknown"],
            )
            for row in reversed(rows)
        ]

    async def _read(
        self,
        connection: Connection,
        report_id: UUID,
        number: int | None,
        at: datetime | None = None,
    ) -> KeptRevision | None:
        row = await connection.fetchrow(
            sql("read_revision"), self._site_id, report_id, number, at, timeout=_TIMEOUT_S
        )
        if row is None:
            return None
        digests = row["day_digests"]
        return KeptRevision(
            entry_of(row),
            isal_zlib.decompress(row["header"]),
            tuple(digests[at : at + _SIZE] for at in range(0, len(digests), _SIZE)),
            row["content"],
            # PostgreSQL keeps members in an order of its own, and forms in that of their names.
            {name: (old, new) for name, (old, new) in sorted(json.loads(row["changes"]).items())},
        )


async def _lines(
    connection: Connection, site_id: str, report_id: UUID, number: int, day: date
) -> bytes:
    packed = await _packed(connection, site_id, report_id, number, day)
    # A day of a large polyclinic has some megabytes.
    return await asyncio.to_thread(lambda: b"".join(map(isal_zlib.decompress, packed)))


async def _packed(
    connection: Connection, site_id: str, report_id: UUID, number: int, day: date
) -> list[bytes]:
    rows = await connection.fetch(
        sql("read_report_day"), site_id, report_id, number, day, timeout=_TIMEOUT_S
    )
    return [row["rows"] for row in rows]


def entry_of(row: asyncpg.Record) -> RevisionEntry:
    """Make the record of a row that has a revision's columns."""
    return RevisionEntry(
        row["report_id"],
        row["number"],
        Period(PeriodKind(row["kind"]), row["first_day"], row["last_day"]),
        ReportState(row["state"]),
        row["made_at"],
        row["made_by"],
        row["digest"],
        row["final_on"],
        row["appointments"],
        row["unverified"],
    )
