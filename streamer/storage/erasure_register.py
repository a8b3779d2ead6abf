"""The register of erasures: what was withdrawn, outside the database and in more than one place.

A restored backup brings back who had withdrawn since; the register says who, so that they are
erased again before anybody is matched. Written after each erasure from the database's own rows, so
that what a killed process left out is caught up with. Used by `remnants`, `backend`, `backup`.
"""

import asyncio
import fcntl
import json
import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import UUID

import asyncpg

from streamer.domain.consent import ConsentPurpose
from streamer.domain.erased import Erased
from streamer.errors import DatabaseError
from streamer.storage.postgres import Connection, Postgres
from streamer.storage.queries import sql

_BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)
# Longer than any transaction takes, and than clocks of several machines differ.
_MARGIN: Final = timedelta(days=1)
# Without anything new it says at least so often that it is complete.
_TOUCH: Final = timedelta(seconds=60)
_SETTLED: Final = "settled_at"
_LINES: Final = "erasures.jsonl"
_STATE: Final = "complete.json"


class RegisterError(DatabaseError):
    """The register or one of its copies cannot be written; the erasure itself is done."""


@dataclass(frozen=True, slots=True)
class Register:
    """What a folder's register of one database says.

    Attributes:
        as_of: It is complete up to this moment.
        entries: In the order in which they were written.
    """

    as_of: datetime
    entries: tuple[Erased, ...]


class ErasureRegister:
    """Of one home folder, with copies elsewhere. Two processes may write it at once."""

    def __init__(self, folder: Path, copies: Sequence[Path]) -> None:
        """Remember where; nothing is opened.

        Args:
            folder: In the home folder.
            copies: On other disks.
        """
        self._folder = folder
        self._copies = tuple(copies)
        self._turn = asyncio.Lock()
        self._known: set[UUID] = set()
        self._read_to = 0
        self._lines = 0
        self._entries: list[Erased] = []
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
                place = self._folder / database_id
                await asyncio.to_thread(self._read_on, place)
                await self._refuse_older(connection, postgres)
                since = self._as_of - _MARGIN if self._as_of > _BEGINNING else _BEGINNING
                rows = await connection.fetch(sql("erased_since"), since)
            fresh = [erased_from(row) for row in rows if row["id"] not in self._known]
            if fresh or moment - self._as_of >= _TOUCH:
                await asyncio.to_thread(self._write, database_id, fresh, moment)

    async def settled(self, connection: Connection, entries: Sequence[Erased]) -> None:
        """Note, in the transaction that ends a restore, that all of these are erased again."""
        latest = max((one.at for one in entries), default=_BEGINNING)
        await connection.execute(sql("replace_meta"), _SETTLED, latest.isoformat())

    async def adopt(self, database_id: str, register: Register) -> None:
        """Write down what registers elsewhere said, on a machine that has none."""
        async with self._turn:
            await asyncio.to_thread(self._read_on, self._folder / database_id)
            fresh = [one for one in register.entries if one.id not in self._known]
            await asyncio.to_thread(self._write, database_id, fresh, register.as_of)

    async def _refuse_older(self, connection: Connection, postgres: Postgres) -> None:
        """Was this database restored, past `kirdi backup restore`, from before the register?"""
        settled: str | None = await connection.fetchval(sql("read_meta"), _SETTLED)
        after = datetime.fromisoformat(settled) if settled else _BEGINNING
        for kind in ("consent", "erasure"):
            last = next((one for one in reversed(self._entries) if one.kind == kind), None)
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
        state = _read_state(place)
        found = _read_lines(place / _LINES, self._read_to)
        if found is not None:
            entries, self._read_to = found
            self._lines += len(entries)
            self._entries += [one for one in entries if one.id not in self._known]
            self._known |= {one.id for one in entries}
        if state is not None:
            _refuse_incomplete(place, state, self._lines)
            self._as_of = max(self._as_of, state.as_of)

    def _write(self, database_id: str, fresh: Sequence[Erased], as_of: datetime) -> None:
        place = self._folder / database_id
        try:
            place.mkdir(mode=0o700, parents=True, exist_ok=True)
            with _alone(place):
                self._read_on(place)
                missing = [one for one in fresh if one.id not in self._known]
                _append(place / _LINES, self._read_to, missing)
                # Whoever reads it believes that all lines up to then are there: so it comes last.
                self._read_on(place)
                self._as_of = max(self._as_of, as_of)
                state = {"as_of": self._as_of.isoformat(), "lines": self._lines}
                _replace(place / _STATE, json.dumps(state).encode())
                failed = None
                for folder in self._copies:
                    try:
                        _copy(place, folder / database_id)
                    except OSError as error:
                        failed = failed or (folder, error)
        except OSError as error:
            raise _cannot_be_written(place, error) from error
        if failed is not None:
            raise _cannot_be_written(failed[0], failed[1]) from failed[1]


def read_register(folder: Path, database_id: str) -> Register | None:
    """Read a database's register in a folder; None = there is none. Blocks."""
    place = folder / database_id
    # The state first: it is written last.
    state, found = _read_state(place), _read_lines(place / _LINES, 0)
    if state is None:
        return None
    entries = tuple(found[0]) if found is not None else ()
    _refuse_incomplete(place, state, len(entries))
    return Register(state.as_of, entries)


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


def _line(one: Erased) -> bytes:
    said = {
        "kind": one.kind,
        "id": str(one.id),
        "site": one.site_id,
        "patient": str(one.patient_id),
        "purpose": one.purpose.value,
        "reason": one.reason,
        "at": one.at.isoformat(),
    }
    return json.dumps(said).encode() + b"\n"


def _erased(line: bytes) -> Erased:
    said = json.loads(line)
    return Erased(
        said["kind"],
        UUID(said["id"]),
        said["site"],
        UUID(said["patient"]),
        ConsentPurpose(said["purpose"]),
        said["reason"],
        datetime.fromisoformat(said["at"]),
    )


def _read_lines(file: Path, start: int) -> tuple[list[Erased], int] | None:
    """The whole lines from an offset on, and where they end; None = no such file.

    Raises:
        DatabaseError: A line cannot be read: something may be missing.
    """
    try:
        with file.open("rb") as opened:
            opened.seek(start)
            content = opened.read()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise DatabaseError(
            f"register of erasures {file}: cannot be read ({error.strerror}); open it for this user"
        ) from error
    # A writer that was killed leaves half a line.
    whole = content[: content.rfind(b"\n") + 1]
    try:
        return [_erased(line) for line in whole.splitlines()], start + len(whole)
    except (ValueError, KeyError, TypeError) as error:
        raise _damaged(file) from error


@dataclass(frozen=True, slots=True)
class _State:
    """Up to when a register is complete, and with how many lines."""

    as_of: datetime
    lines: int


def _read_state(place: Path) -> _State | None:
    try:
        said = json.loads((place / _STATE).read_bytes())
        return _State(datetime.fromisoformat(said["as_of"]), int(said["lines"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _damaged(place / _STATE) from error


def _refuse_incomplete(place: Path, state: _State, lines: int) -> None:
    if lines < state.lines:
        raise _damaged(place / _LINES)


def _damaged(file: Path) -> DatabaseError:
    return DatabaseError(
        f"register of erasures {file}: is damaged; restore its folder from one of its copies "
        "(backup.register_copies)"
    )


@contextmanager
def _alone(place: Path) -> Iterator[None]:
    descriptor = os.open(place / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _append(file: Path, end: int, entries: Sequence[Erased]) -> None:
    """Write behind the last whole line; half a line of a killed writer is overwritten."""
    if not entries:
        return
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "r+b") as opened:
        opened.truncate(end)
        opened.seek(end)
        opened.write(b"".join(_line(one) for one in entries))
        opened.flush()
        os.fsync(opened.fileno())


def _replace(file: Path, content: bytes) -> None:
    """Replace a file whole or not at all."""
    draft = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as opened:
            opened.write(content)
            opened.flush()
            os.fsync(opened.fileno())
        draft.replace(file)
    except OSError:
        draft.unlink(missing_ok=True)
        raise


def _copy(place: Path, copy: Path) -> None:
    """Bring a copy up to date: lines first, then up to when they are complete."""
    # A disk that is not mounted must not be taken for an empty folder of that name.
    if not copy.parent.is_dir():
        raise FileNotFoundError(2, "there is no such folder", str(copy.parent))
    copy.mkdir(mode=0o700, exist_ok=True)
    lines, mine = copy / _LINES, place / _LINES
    if mine.exists() and (not lines.exists() or lines.stat().st_size != mine.stat().st_size):
        _replace(lines, mine.read_bytes())
    _replace(copy / _STATE, (place / _STATE).read_bytes())


def _cannot_be_written(place: Path, error: OSError) -> RegisterError:
    return RegisterError(
        f"register of erasures {place}: cannot be written ({error.strerror}); what was erased is, "
        "but a restored backup would bring it back: make the folder writable, with free space"
    )
