"""Who uses the embedded servers: one JSON list in one locked file; used by `services.py`."""

import fcntl
import json
import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

import structlog

from streamer.embedded.process import started_at
from streamer.errors import EmbeddedError

_BLOCK = 4096


@dataclass(frozen=True, slots=True)
class Holder:
    """One use of the servers by one process; a process may hold several."""

    id: str
    pid: int
    started: int
    boot: str
    namespace: str
    services: tuple[str, ...]

    @classmethod
    def of_this_process(cls, services: tuple[str, ...]) -> Self:
        """A new holder; `services` are the servers it needs."""
        return cls(
            id=uuid.uuid4().hex,
            pid=os.getpid(),
            started=started_at(os.getpid()) or 0,
            boot=_boot(),
            namespace=_pid_namespace(),
            services=services,
        )

    def lives(self) -> bool:
        """Whether its process lives. One of another container cannot be seen and counts."""
        if self.boot != _boot():
            return False
        if self.namespace != _pid_namespace():
            return True
        return started_at(self.pid) == self.started

    def is_foreign(self) -> bool:
        """Whether it runs in another container, where its pid means nothing to us."""
        return self.namespace != _pid_namespace()


class LeaseFile:
    """The holders on disk. Every change is made under an exclusive lock on the file itself."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._log = structlog.get_logger()

    @contextmanager
    def locked(self, timeout_s: float) -> Iterator[list[Holder]]:
        """The holders that live, as a list to change in place; written back at the end.

        Raises:
            EmbeddedError: Another command keeps it locked for too long, or the disk refuses.
        """
        try:
            handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise EmbeddedError(
                f"{self._path}: it cannot be opened ({error.strerror}); open it for this user"
            ) from error
        try:
            self._take(handle, timeout_s)
            before = self._read(handle)
            holders = [holder for holder in before if holder.lives()]
            try:
                yield holders
            finally:
                self._write(handle, holders)
        finally:
            os.close(handle)

    def peek(self) -> tuple[Holder, ...]:
        """The holders that live, at this moment and without waiting."""
        try:
            handle = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return ()
        try:
            return tuple(holder for holder in self._read(handle) if holder.lives())
        finally:
            os.close(handle)

    def _take(self, handle: int, timeout_s: float) -> None:
        deadline = time.monotonic() + timeout_s
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    raise EmbeddedError(
                        f"{self._path}: another kirdi command has kept it locked for "
                        f"{timeout_s:.0f} s; wait for it to start or stop, or end it"
                    ) from None
                time.sleep(0.02)
            else:
                return

    def _read(self, handle: int) -> list[Holder]:
        text = os.pread(handle, 1 << 20, 0)
        if not text.strip():
            return []
        try:
            return [
                Holder(
                    id=str(entry["id"]),
                    pid=int(entry["pid"]),
                    started=int(entry["started"]),
                    boot=str(entry["boot"]),
                    namespace=str(entry["namespace"]),
                    services=tuple(str(name) for name in entry["services"]),
                )
                for entry in json.loads(text)
            ]
        except (ValueError, KeyError, TypeError):
            self._log.warning("lease file is damaged and begins anew", file=str(self._path))
            return []

    def _write(self, handle: int, holders: list[Holder]) -> None:
        """Overwrite in place, in whole blocks: a full disk cannot refuse a block that is there."""
        text = json.dumps([asdict(holder) for holder in holders], indent=1).encode()
        size = -(-len(text) // _BLOCK) * _BLOCK
        try:
            os.pwrite(handle, text.ljust(size, b"\n"), 0)
            os.ftruncate(handle, size)
        except OSError as error:
            raise EmbeddedError(
                f"{self._path}: it cannot be written ({error.strerror}); free some disk space"
            ) from error


def _boot() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


def _pid_namespace() -> str:
    return str(Path("/proc/self/ns/pid").readlink())
