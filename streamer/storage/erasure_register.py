"""The register of erasures: what was withdrawn, outside the database and in more than one place.

A restored backup brings back who had withdrawn since; the register says who, so that they are
erased again before anybody is matched. Written after each erasure from the database's own rows, so
that what a killed process left out is caught up with. Used by `remnants`, `backend`, `backup`.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import UUID

import asyncpg

from streamer.crypto.register_seal import RegisterSeal
from streamer.domain.consent import ConsentPurpose
from streamer.domain.erased import Erased
from streamer.errors import DatabaseError
from streamer.storage.postgres import Connection, Postgres
from streamer.storage.queries import sql
from streamer.storage.register_file import (
    LINES,
    LinesRead,
    RegisterCopy,
    State,
    alone,
    append_lines,
    cannot_be_written,
    damaged,
    read_state,
    write_state,
)

_BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)
# Longer than any transaction takes, and than clocks of several machines differ.
_MARGIN: Final = timedelta(days=1)
# Without anything new it says at least so often that it is complete.
_TOUCH: Final = timedelta(seconds=60)
_SETTLED: Final = "settled_at"


@dataclass(frozen=True, slots=True)
class Register:
    """What registers of one site say.

    Attributes:
        as_of: It is complete up to this moment.
        entries: In the order in which they were written.
    """

    as_of: datetime
    entries: tuple[Erased, ...]


@dataclass(frozen=True, slots=True)
class ReadRegister:
    """A folder's register, as it was read; its seal is still to be looked at.

    Attributes:
        place: Where it is.
        register: What it says.
        state: What is sealed of it.
        digest: SHA-256 of the lines that the state speaks of.
    """

    place: Path
    register: Register
    state: State
    digest: str

    def is_genuine(self, seal: RegisterSeal) -> bool:
        """Was it written by somebody with the database's key, and is it whole?"""
        return _fits(seal, self.state, self.digest)


class ErasureRegister:
    """Of one home folder, with copies elsewhere. Two processes may write it at once."""

    def __init__(
        self, folder: Path, copies: Sequence[Path], site_id: str, seal: RegisterSeal
    ) -> None:
        """Remember where; nothing is opened.

        Args:
            folder: In the home folder.
            copies: On other disks.
            site_id: Whose.
            seal: Of the database.
        """
        self._folder = folder
        self._copies = [RegisterCopy(one) for one in copies]
        self._site_id = site_id
        self._seal = seal
        self._turn = asyncio.Lock()
        self._known: set[UUID] = set()
        self._read = LinesRead()
        self._as_of = _BEGINNING

    async def sync(self, postgres: Postgres) -> None:
        """Write down what the database says has ended; call it after each erasure's commit.

        Raises:
            RegisterError: The register or a copy cannot be written; what could be written is.
            DatabaseError: It is away, or older than the register.
        """
        async with self._turn:
            async with postgres.connection() as connection:
                database_id: str = await connection.fetchval(sql("read_meta"), "database_id")
                moment: datetime = await connection.fetchval(sql("moment"))
                place = place_of(self._folder, database_id, self._site_id)
                await asyncio.to_thread(self._read_on, place)
                await self._refuse_older(connection, postgres)
                since = self._as_of - _MARGIN if self._as_of > _BEGINNING else _BEGINNING
                rows = await connection.fetch(sql("erased_since"), since)
            fresh = [erased_from(row) for row in rows if row["id"] not in self._known]
            if fresh or moment - self._as_of >= _TOUCH:
                await asyncio.to_thread(self._write, place, fresh, moment)

    async def settled(self, connection: Connection, entries: Sequence[Erased]) -> None:
        """Note, in the transaction that ends a restore, that all of these are erased again."""
        latest = max((one.at for one in entries), default=_BEGINNING)
        await connection.execute(sql("replace_meta"), _SETTLED, latest.isoformat())

    async def adopt(self, database_id: str, register: Register) -> None:
        """Write down what registers elsewhere said, on a machine that has none."""
        async with self._turn:
            place = place_of(self._folder, database_id, self._site_id)
            await asyncio.to_thread(self._read_on, place)
            fresh = [one for one in register.entries if one.id not in self._known]
            await asyncio.to_thread(self._write, place, fresh, register.as_of)

    async def _refuse_older(self, connection: Connection, postgres: Postgres) -> None:
        """Was this database restored, past `kirdi backup restore`, from before the register?"""
        settled: str | None = await connection.fetchval(sql("read_meta"), _SETTLED)
        after = datetime.fromisoformat(settled) if settled else _BEGINNING
        for kind in ("consent", "erasure"):
            last = next((one for one in reversed(self._read.entries) if one.kind == kind), None)
            if last is None or last.at <= after:
                continue
            known = await connection.fetchval(
                sql("knows_erased"), last.id, last.patient_id, last.kind
            )
            if not known:
                raise DatabaseError(
                    f"database {postgres.place}: does not know what the register of erasures in "
                    f"{self._folder} says was withdrawn; it is an older one that was restored: run "
                    "`kirdi backup settle`, which erases that again"
                )

    def _read_on(self, place: Path) -> None:
        """Read what other processes have written; the state first, as it is written last."""
        state, before = read_state(place), len(self._read.entries)
        digest = self._read.read_on(place / LINES, state)
        self._known |= {one.id for one in self._read.entries[before:]}
        if state is None:
            return
        if digest is not None and not _fits(self._seal, state, digest):
            raise damaged(place / LINES)
        self._as_of = max(self._as_of, state.as_of)

    def _write(self, place: Path, fresh: Sequence[Erased], as_of: datetime) -> None:
        try:
            place.mkdir(mode=0o700, parents=True, exist_ok=True)
            with alone(place):
                self._read_on(place)
                missing = [one for one in fresh if one.id not in self._known]
                append_lines(place / LINES, self._read.end, missing)
                # Whoever reads it believes that all lines up to then are there: so it comes last.
                self._read_on(place)
                self._as_of = max(self._as_of, as_of)
                write_state(place, self._as_of, self._read, self._seal)
                failed = None
                for copy in self._copies:
                    try:
                        copy.update(place)
                    except OSError as error:
                        failed = failed or (copy.folder, error)
        except OSError as error:
            raise cannot_be_written(place, error) from error
        if failed is not None:
            raise cannot_be_written(failed[0], failed[1]) from failed[1]


def place_of(folder: Path, database_id: str, site_id: str) -> Path:
    """Where in a folder a site's register is: sites that share a database have one each."""
    return folder / f"{database_id}-{site_id}"


def read_register(folder: Path, database_id: str, site_id: str) -> ReadRegister | None:
    """Read a site's register in a folder; None = there is none. Blocks.

    Raises:
        DatabaseError: It cannot be read, or lines are missing.
    """
    place = place_of(folder, database_id, site_id)
    # The state first: it is written last.
    state, read = read_state(place), LinesRead()
    if state is None:
        return None
    digest = read.read_on(place / LINES, state)
    assert digest is not None
    return ReadRegister(place, Register(state.as_of, tuple(read.entries)), state, digest)


def erased_from(row: asyncpg.Record) -> Erased:
    """Make an entry of a row of `erased_since`."""
    return Erased(
        row["kind"],
        row["id"],
        row["site_id"],
        row["patient_id"],
        ConsentPurpose(row["purpose"]),
        row["reason"],
        row["at"],
    )


def _fits(seal: RegisterSeal, state: State, digest: str) -> bool:
    return seal.fits(state.as_of.isoformat(), state.lines, digest, state.seal)
