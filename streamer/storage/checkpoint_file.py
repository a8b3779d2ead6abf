r"""Keeps the heads of the audit's chains outside the database: a file of lines, only ever added to.

Each line is a JSON object that carries the SHA-256 of the line before it and a seal under the
site's key. A restored database ends before what the newest line knows: the line that a restore
leaves says so (`restored`). Blocking; written by `streamer.audit_keeper`, at the end of commands
and by a restore, read by `audit_check`. Several processes may write at once.
"""

import fcntl
import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from streamer.crypto.checkpoint_seal import CheckpointSeal
from streamer.domain.chain_head import ChainHead
from streamer.errors import InputError, KirdiError
from streamer.storage.audit_chain import KnownHeads

_TAIL_BYTES: Final = 64 * 1024
_MOST: Final = 50


@dataclass(frozen=True, slots=True)
class CheckpointsRead:
    """What a file of checkpoints says.

    Attributes:
        known: The heads.
        lines: How many checkpoints of the site.
        first_at: When the oldest was written, as ISO 8601; empty where there is none.
        last_at: When the newest was.
        findings: What is wrong with the file.
        notes: What may surprise and is no sign of tampering.
    """

    known: KnownHeads
    lines: int
    first_at: str
    last_at: str
    findings: tuple[str, ...]
    notes: tuple[str, ...]


class CheckpointFile:
    """Of one site, though others may write to the same file."""

    def __init__(self, path: Path, seal: CheckpointSeal, site_id: str) -> None:
        """Remember where; nothing is opened."""
        self.path = path
        self._seal = seal
        self._site_id = site_id

    def append(
        self,
        heads: Sequence[ChainHead],
        at: datetime,
        changed: Sequence[ChainHead] | None = None,
        *,
        restored: str = "",
    ) -> bytes | None:
        """Add a line, durably; nothing where the newest one says the same already.

        Args:
            heads: Of all chains.
            at: Aware.
            changed: Those the line names; None = all.
            restored: From which backup the chains were restored just now, so that what lines before
                know beyond these heads is not there any more; empty = nothing of the kind.

        Returns:
            The line without its end; None = it was not needed.

        Raises:
            KirdiError: The file cannot be written; names it.
        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
            descriptor = os.open(self.path, flags, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
                listed = heads if changed is None else changed
                return self._append(descriptor, heads, at, listed, restored)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise KirdiError(
                f"audit checkpoints {self.path}: cannot be written ({error.strerror}); see that "
                "the disk has space and audit.checkpoint_file can be written to"
            ) from error

    def _append(
        self,
        descriptor: int,
        heads: Sequence[ChainHead],
        at: datetime,
        listed: Sequence[ChainHead],
        restored: str,
    ) -> bytes | None:
        tail, torn = _tail(descriptor)
        number, previous = 1, ""
        if tail is not None:
            said = json.loads(tail)
            number, previous = said["number"] + 1, hashlib.sha256(tail).hexdigest()
        root = self._root(heads)
        if tail is not None and said["root"] == root and not restored:
            return None
        fields: dict[str, object] = {
            "at": at.isoformat(),
            "heads": {str(one.lane): f"{one.sequence}:{one.hash.hex()}" for one in listed},
            "number": number,
            "previous": previous,
            "root": root,
            "site": self._site_id,
        }
        if restored:
            fields["restored"] = restored
        line = _text(fields | {"seal": self._seal.of(_text(fields))})
        # What a killed process left of a line stays, as a line of its own.
        rest = memoryview((b"\n" if torn else b"") + line + b"\n")
        while rest:
            rest = rest[os.write(descriptor, rest) :]
        os.fsync(descriptor)
        return line

    def _root(self, heads: Sequence[ChainHead]) -> str:
        said = [f"{one.lane}:{one.sequence}:{one.hash.hex()}" for one in heads]
        return hashlib.sha256("\n".join((self._site_id, *sorted(said))).encode()).hexdigest()


def newest_checkpoint_at(path: Path) -> datetime | None:
    """When the newest checkpoint of a file was written, by its own word; None = there is none."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        tail, _ = _tail(descriptor)
    finally:
        os.close(descriptor)
    said = None if tail is None else _parsed(tail)
    try:
        return None if said is None else datetime.fromisoformat(str(said["at"]))
    except ValueError:
        return None


def is_there(path: Path) -> bool:
    """Is there a file? One that cannot be looked at is: `read_checkpoints` says why not. Blocks."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return True


def read_checkpoints(
    paths: Sequence[Path], seal: CheckpointSeal | None, site_id: str
) -> CheckpointsRead:
    """Read files of checkpoints, the oldest first; each line is checked against the one before.

    Args:
        paths: Where they are.
        seal: Checks who wrote them; None = nobody's word is checked.
        site_id: Whose.

    Raises:
        InputError: One cannot be read.
    """
    reading = _Reading(seal, site_id)
    for path in paths:
        try:
            with path.open("rb") as file:
                reading.begin(path)
                for line in file:
                    reading.take(line.rstrip(b"\n"))
        except OSError as error:
            raise InputError(
                f"checkpoints {path}: cannot be read ({error.strerror}); give a file of checkpoints"
            ) from error
    return reading.result()


class _Reading:
    def __init__(self, seal: CheckpointSeal | None, site_id: str) -> None:
        self._seal = seal
        self._site_id = site_id
        self._known = KnownHeads()
        self._findings: list[str] = []
        self._notes: list[str] = []
        self._lines = 0
        self._first_at = ""
        self._last_at = ""
        self._name = ""
        self._place = 0
        self._before: tuple[int, str] | None = None

    def begin(self, path: Path) -> None:
        self._name, self._place, self._before = path.name, 0, None

    def take(self, line: bytes) -> None:
        self._place += 1
        said = _parsed(line)
        if said is None:
            if line:
                self._note(f"{self._where}: is half a line, of a process that was killed")
            return
        self._link(said, line)
        if said["site"] != self._site_id:
            return
        self._lines += 1
        self._last_at = str(said["at"])
        self._first_at = self._first_at or self._last_at
        unsealed = {key: value for key, value in said.items() if key != "seal"}
        if self._seal is not None and not self._seal.fits(_text(unsealed), str(said["seal"])):
            self._say(f"{self._where}: was not written with this site's key")
        elif "restored" in said:
            self._cut(said)
        for head in _heads(said["heads"]):
            wrong = self._known.add(head)
            if wrong is not None:
                self._say(f"{self._where}: {wrong}")

    def result(self) -> CheckpointsRead:
        return CheckpointsRead(
            self._known,
            self._lines,
            self._first_at,
            self._last_at,
            tuple(self._findings),
            tuple(self._notes),
        )

    @property
    def _where(self) -> str:
        return f"{self._name}, line {self._place}"

    def _link(self, said: dict[str, object], line: bytes) -> None:
        number, previous = said["number"], said["previous"]
        assert isinstance(number, int)
        if self._before is None:
            if number != 1:
                self._note(
                    f"{self._name}: begins with checkpoint {number}; older ones are not here"
                )
        elif (number, previous) != (self._before[0] + 1, self._before[1]):
            self._say(
                f"{self._where}: does not follow the line before; lines were changed or removed"
            )
        self._before = (number, hashlib.sha256(line).hexdigest())

    def _cut(self, said: dict[str, object]) -> None:
        lost = sum(self._known.cut(one.lane, one.sequence) for one in _heads(said["heads"]))
        self._note(
            f"{self._where}: backup {said['restored']} was restored at {said['at']}; {lost} events "
            "that checkpoints knew of are of after that backup, and are gone since"
        )

    def _say(self, finding: str) -> None:
        if len(self._findings) < _MOST:
            self._findings.append(finding)

    def _note(self, note: str) -> None:
        if len(self._notes) < _MOST:
            self._notes.append(note)


def _tail(descriptor: int) -> tuple[bytes | None, bool]:
    """The newest whole line, and whether the file ends in the middle of one."""
    size = os.fstat(descriptor).st_size
    data = os.pread(descriptor, _TAIL_BYTES, max(0, size - _TAIL_BYTES))
    torn = bool(data) and not data.endswith(b"\n")
    for line in reversed(data.split(b"\n")):
        if _parsed(line) is not None:
            return line, torn
    return None, torn


def _text(fields: dict[str, object]) -> bytes:
    return json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()


_TYPES: Final = {
    "at": str,
    "heads": dict,
    "number": int,
    "previous": str,
    "root": str,
    "seal": str,
    "site": str,
}


def _parsed(line: bytes) -> dict[str, object] | None:
    """A line's fields; None where it is none of ours."""
    try:
        said = json.loads(line)
    except ValueError:
        return None
    if not isinstance(said, dict) or said.keys() - {"restored"} != _TYPES.keys():
        return None
    if not all(isinstance(said[key], kind) for key, kind in _TYPES.items()):
        return None
    return said


def _heads(said: object) -> list[ChainHead]:
    assert isinstance(said, dict)
    heads = []
    for lane, text in said.items():
        sequence, _, digits = str(text).partition(":")
        try:
            head = ChainHead(int(lane), int(sequence), bytes.fromhex(digits))
        except ValueError:
            continue
        if len(head.hash) == 32:
            heads.append(head)
    return heads
