"""How a site's rows are read for people: in pages, and with every look in the audit.

Used by `visits_reader` and `people_reader` for the API, by the lists of commands whole. What is not
of this site, or not within somebody's sight, is not there.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime, tzinfo
from typing import Any, Final, TypeVar
from uuid import UUID

import asyncpg

from streamer.clock import Clock
from streamer.domain.actor import Actor
from streamer.domain.audit_event import AuditAction, AuditEvent, AuditKind
from streamer.domain.page import Page, Slice
from streamer.domain.sight import Sight
from streamer.errors import InputError
from streamer.storage.audit import append
from streamer.storage.postgres import Connection, Postgres
from streamer.storage.queries import sql

Item = TypeVar("Item")

_YEARS: Final = range(1900, 2200)
# Patients named in one event of a list that is read whole; as many as a page of the API has.
_NAMED: Final = 200


class PageReader:
    """Of one site.

    Attributes:
        site_id: Which.
        zone: Its time zone.
    """

    def __init__(self, postgres: Postgres, site: tuple[str, tzinfo], clock: Clock) -> None:
        """Keep the collaborators; `site` is its id and time zone."""
        self._postgres = postgres
        self.site_id, self.zone = site
        self._clock = clock

    def now(self) -> datetime:
        """The time, UTC."""
        return self._clock.now()

    def transaction(self) -> AbstractAsyncContextManager[Connection]:
        """For a read and its place in the audit; see `Postgres.transaction`."""
        return self._postgres.transaction()

    async def looked(
        self, sight: Sight, what: str, entity_id: str = "", patients: Sequence[UUID] = ()
    ) -> None:
        """Have in the audit that somebody looked at what is not in the database.

        Args:
            sight: Whose look.
            what: At what.
            entity_id: Its opaque id.
            patients: Whom it may show; an event for each, or one where nobody is known.

        Raises:
            DatabaseError: It is not on record, so that nothing may be shown.
        """
        now = self.now()
        events = [
            AuditEvent(
                kind=AuditKind.PATIENT_READ,
                action=AuditAction.READ,
                actor=sight.reader,
                occurred_at=now,
                patient_id=one,
                entity_type=what,
                entity_id=entity_id,
            )
            for one in patients or (None,)
        ]
        async with self.transaction() as connection:
            await append(connection, self.site_id, events)

    async def looked_over(
        self, sight: Sight, what: str, patient_refs: Iterable[str], entity_id: str = ""
    ) -> None:
        """Have in the audit that somebody was shown a list that is not in the database.

        Args:
            sight: Whose look.
            what: At what.
            patient_refs: Whom it shows.
            entity_id: Its opaque id, where it is one thing.

        Raises:
            DatabaseError: It is not on record, so that nothing may be shown.
        """
        refs = sorted(set(patient_refs))
        async with self.transaction() as connection:
            rows = await connection.fetch(sql("patient_ids"), self.site_id, refs)
            await self._tell_all(connection, sight, what, rows, entity_id)

    async def whole(
        self, by: Actor, what: str, name: str, values: Sequence[object]
    ) -> list[asyncpg.Record]:
        """Read a list from beginning to end, for a command.

        Args:
            by: Who looks.
            what: What the rows are, for the audit.
            name: The statement; its rows have a `patient_id`.
            values: Its values.

        Raises:
            DatabaseError: It refuses, and nothing may be shown.
        """
        async with self.transaction() as connection:
            rows: list[asyncpg.Record] = await connection.fetch(sql(name), *values)
            await self._tell_all(connection, Sight(by.name), what, rows)
        return rows

    def seen_by(self, sight: Sight) -> tuple[object, ...]:
        """The first values of every `read_…` statement: site, practitioners, payer, now."""
        refs = None if sight.practitioner_refs is None else list(sight.practitioner_refs)
        return (self.site_id, refs, sight.told_payer_only, self.now())

    async def page(
        self,
        sight: Sight,
        part: Slice,
        what: str,
        name: str,
        values: Sequence[object],
        made: Callable[[asyncpg.Record], Item],
        place: Callable[[asyncpg.Record], tuple[str, ...]],
    ) -> Page[Item]:
        """Read one part of a list.

        Args:
            sight: Whose look it is.
            part: Which part.
            what: What the rows are, for the audit.
            name: The statement; its last value is how many rows are wanted.
            values: Its other values.
            made: Makes a record of a row.
            place: The place of a row in the list.

        Raises:
            DatabaseError: It refuses.
        """
        async with self.transaction() as connection:
            # One more than wanted says whether there are more.
            rows = await connection.fetch(sql(name), *values, part.limit + 1)
            shown = rows[: part.limit]
            if shown:
                await self.tell(connection, sight, what, shown)
        after = place(shown[-1]) if len(rows) > part.limit else None
        return Page(tuple(made(row) for row in shown), after)

    async def tell(
        self,
        connection: Connection,
        sight: Sight,
        what: str,
        rows: Sequence[asyncpg.Record],
        *,
        named: bool = False,
        entity_id: str = "",
    ) -> None:
        """One event for a page: about a patient where it shows one only, else it names them all."""
        whose = sorted({row["patient_id"] for row in rows} - {None})
        alone = len(whose) == 1
        detail = (
            ("rows", len(rows)),
            ("patients", ",".join(map(str, whose)) if whose and not alone else None),
            ("named", True if named else None),
        )
        event = AuditEvent(
            kind=AuditKind.PATIENT_READ,
            action=AuditAction.READ,
            actor=sight.reader,
            occurred_at=self.now(),
            patient_id=whose[0] if alone else None,
            entity_type=what,
            entity_id=entity_id,
            detail=detail,
        )
        await append(connection, self.site_id, [event])

    async def _tell_all(
        self,
        connection: Connection,
        sight: Sight,
        what: str,
        rows: Sequence[asyncpg.Record],
        entity_id: str = "",
    ) -> None:
        for first in range(0, len(rows), _NAMED):
            shown = rows[first : first + _NAMED]
            await self.tell(connection, sight, what, shown, entity_id=entity_id)


def without_id(row: asyncpg.Record) -> dict[str, Any]:
    """A row as the fields of a record: our own id of the patient stays here."""
    return {key: value for key, value in row.items() if key != "patient_id"}


def text(value: str) -> str:
    """Read a text of a place; raises ValueError."""
    if "\0" in value:
        raise ValueError("PostgreSQL holds no such text")
    return value


def moment(value: str) -> datetime:
    """Read a time of a place; raises ValueError."""
    found = datetime.fromisoformat(value)
    if found.tzinfo is None or found.year not in _YEARS:
        raise ValueError("no moment of ours")
    return found


def place_of(part: Slice, *read: Callable[[str], object]) -> tuple[object, ...]:
    """The place that a page goes on from, a value for each column; None for each = from the start.

    Raises:
        InputError: It is no place in this list.
    """
    if not part.after:
        return (None,) * len(read)
    try:
        return tuple(one(value) for one, value in zip(read, part.after, strict=True))
    except (ValueError, OverflowError):
        raise InputError("cursor: is none of this list; begin without one") from None
