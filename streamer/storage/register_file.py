"""The two files of a register of erasures: its lines, and up to when they are complete. Blocking.

Lines are only ever added; the state is replaced after them, so that whoever reads it first finds
all lines that it speaks of. Used by `erasure_register`.
"""

import fcntl
import hashlib
import json
import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final
from uuid import UUID

from streamer.crypto.register_seal import RegisterSeal
from streamer.domain.consent import ConsentPurpose
from streamer.domain.erased import Erased
from streamer.errors import DatabaseError

LINES: Final = "erasures.jsonl"
STATE: Final = "complete.json"
_LOCK: Final = "lock"


class RegisterError(DatabaseError):
    """The register or one of its copies cannot be written; the erasure itself is done."""


@dataclass(frozen=True, slots=True)
class State:
    """Up to when a register is complete, with how many lines, and the seal on both."""

    as_of: datetime
    lines: int
    seal: str


class LinesRead:
    """What was read of the lines so far, and where it ends. Read on, it looks at new ones only."""

    def __init__(self) -> None:
        """Nothing is read."""
        self.entries: list[Erased] = []
        self.end = 0
        self._digest = hashlib.sha256()

    def read_on(self, file: Path, state: State | None) -> str | None:
        """Read the whole lines that are new; half a line of a killed writer is left out.

        Args:
            file: The lines; none = there are none.
            state: What is known of them, read before.

        Returns:
            SHA-256 of the lines that the state speaks of; None = it can't be said: there is no
            state, or it is older than what was read before.

        Raises:
            DatabaseError: A line cannot be read, or there are fewer than the state says.
        """
        before, digest = len(self.entries), self._digest.copy()
        whole = self._new_lines(file)
        try:
            self.entries += [_erased(line) for line in whole]
        except (ValueError, KeyError, TypeError) as error:
            raise damaged(file) from error
        self.end += sum(map(len, whole))
        for line in whole:
            self._digest.update(line)
        if state is None or state.lines < before:
            return None
        if len(self.entries) < state.lines:
            raise damaged(file)
        for line in whole[: state.lines - before]:
            digest.update(line)
        return digest.hexdigest()

    @property
    def digest(self) -> str:
        """SHA-256 of all lines."""
        return self._digest.hexdigest()

    def _new_lines(self, file: Path) -> list[bytes]:
        try:
            with file.open("rb") as opened:
                opened.seek(self.end)
                content = opened.read()
        except FileNotFoundError:
            return []
        except OSError as error:
            raise DatabaseError(
                f"register of erasures {file}: cannot be read ({error.strerror}); open it for this "
                "user"
            ) from error
        return content[: content.rfind(b"\n") + 1].splitlines(keepends=True)


def read_state(place: Path) -> State | None:
    """Return what a folder says of its lines; None = there is no register.

    Raises:
        DatabaseError: It cannot be read.
    """
    try:
        said = json.loads((place / STATE).read_bytes())
        return State(datetime.fromisoformat(said["as_of"]), int(said["lines"]), str(said["seal"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise damaged(place / STATE) from error


def write_state(place: Path, as_of: datetime, read: LinesRead, seal: RegisterSeal) -> None:
    """Say that all lines up to a moment are there; raises OSError."""
    said, lines = as_of.isoformat(), len(read.entries)
    sealed = seal.of(said, lines, read.digest)
    state = {"as_of": said, "lines": lines, "seal": sealed}
    _replace(place / STATE, json.dumps(state).encode())


def append_lines(file: Path, end: int, entries: Sequence[Erased]) -> None:
    """Write behind the last whole line; half a line of a killed writer is overwritten.

    Raises:
        OSError: It cannot be written.
    """
    if not entries:
        return
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "r+b") as opened:
        opened.truncate(end)
        opened.seek(end)
        opened.write(b"".join(_line(one) for one in entries))
        opened.flush()
        os.fsync(opened.fileno())


@contextmanager
def alone(place: Path) -> Iterator[None]:
    """While nobody else does so; raises OSError."""
    descriptor = os.open(place / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


class RegisterCopy:
    """A register's copy on another disk."""

    def __init__(self, folder: Path) -> None:
        """Remember where; nothing is opened."""
        self.folder = folder
        # Size and time of the lines when they were last known to be ours, byte for byte.
        self._same: tuple[int, int] | None = None

    def update(self, place: Path) -> None:
        """Bring it up to date: lines first, then up to when they are complete; raises OSError."""
        # A disk that is not mounted must not be taken for an empty folder of that name.
        if not self.folder.is_dir():
            raise FileNotFoundError(2, "there is no such folder", str(self.folder))
        copy = self.folder / place.name
        copy.mkdir(mode=0o700, exist_ok=True)
        lines, mine = copy / LINES, place / LINES
        if mine.exists():
            there = _signature(lines)
            if there is None or there != self._same or there[0] != mine.stat().st_size:
                content = mine.read_bytes()
                if there is None or lines.read_bytes() != content:
                    _replace(lines, content)
                self._same = _signature(lines)
        _replace(copy / STATE, (place / STATE).read_bytes())


def damaged(file: Path) -> DatabaseError:
    """What is said of a register that is not as it was written."""
    return DatabaseError(
        f"register of erasures {file}: is damaged; restore its folder from one of its copies "
        "(backup.register_copies)"
    )


def cannot_be_written(place: Path, error: OSError) -> RegisterError:
    """What is said of one that is full, away or closed."""
    return RegisterError(
        f"register of erasures {place}: cannot be written ({error.strerror}); what was erased is, "
        "but a restored backup would bring it back: make the folder writable, with free space"
    )


def _signature(file: Path) -> tuple[int, int] | None:
    try:
        found = file.stat()
    except FileNotFoundError:
        return None
    return found.st_size, found.st_mtime_ns


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
