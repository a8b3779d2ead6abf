"""Accepted check-ins on this machine's disk until the database has them.

Blocking: `checkin.delivery` calls it through a thread. Opaque ids, times and figures only.
"""

import contextlib
import json
import os
import threading
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Self
from uuid import UUID

import apsw
import structlog

from streamer.domain.check_in import CheckIn, EvidenceGrade, Method
from streamer.errors import KirdiError

log = structlog.get_logger(__name__)

# EXTRA syncs the folder as well, without which a deleted journal may come back after a power cut.
# secure_delete overwrites what was removed. EXCLUSIVE: one service at a time.
_PRAGMAS = (
    "PRAGMA locking_mode = EXCLUSIVE",
    "PRAGMA journal_mode = DELETE",
    "PRAGMA synchronous = EXTRA",
    "PRAGMA secure_delete = ON",
)
_TABLE = """
CREATE TABLE IF NOT EXISTS check_ins (
    position INTEGER PRIMARY KEY,
    event_id TEXT NOT NULL UNIQUE,
    body TEXT NOT NULL
)
"""


class Spool:
    """An SQLite file; what `put` returned from survives a power cut."""

    def __init__(self, path: Path, connection: apsw.Connection) -> None:
        """Take over an open connection; `open` makes it."""
        self._path = path
        self._lock = threading.Lock()
        self._connection: apsw.Connection | None = connection

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open or create the file, mode 0600.

        Raises:
            KirdiError: Not writable, damaged, or in use by another service.
        """
        with _our_errors(path):
            _make_private(path)
            connection = apsw.Connection(str(path))
            try:
                for pragma in _PRAGMAS:
                    connection.execute(pragma).fetchall()
                connection.execute(_TABLE)
                # A write takes the exclusive lock now rather than at the first check-in.
                connection.execute("BEGIN EXCLUSIVE")
                connection.execute("COMMIT")
            except apsw.Error:
                connection.close()
                raise
        return cls(path, connection)

    def close(self) -> None:
        """Close the file; what is pending stays in it."""
        with self._lock:
            connection, self._connection = self._connection, None
            if connection is not None:
                connection.close()

    def put(self, check_in: CheckIn) -> None:
        """Make it durable before returning; an event that is there already stays as it is.

        Raises:
            KirdiError: The disk is full or refuses; it is not kept.
        """
        self._execute(
            "INSERT OR IGNORE INTO check_ins (event_id, body) VALUES (?, ?)",
            (str(check_in.event_id), _body(check_in)),
        )

    def remove(self, event_id: UUID) -> None:
        """Forget one; unknown ids are fine.

        Raises:
            KirdiError: The disk refuses; it will be delivered once more, which is harmless.
        """
        self._execute("DELETE FROM check_ins WHERE event_id = ?", (str(event_id),))

    def pending(self) -> Sequence[CheckIn]:
        """Return everything not yet removed, oldest first.

        A row that cannot be read is logged and stays in the file.

        Raises:
            KirdiError: The file cannot be read.
        """
        rows = self._execute("SELECT event_id, body FROM check_ins ORDER BY position", ())
        found: list[CheckIn] = []
        for event_id, body in rows:
            try:
                found.append(_check_in(str(body)))
            except (ValueError, KeyError, TypeError):
                log.error("check-in in the spool cannot be read", event_id=event_id)
        return found

    def _execute(
        self, statement: str, values: tuple[str, ...]
    ) -> "list[tuple[apsw.SQLiteValue, ...]]":
        with self._lock, _our_errors(self._path):
            if self._connection is None:
                raise KirdiError(f"spool {self._path}: is not open")
            return self._connection.execute(statement, values).fetchall()


def _make_private(path: Path) -> None:
    """Make the file where it is not; SQLite's journal takes the same mode."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    except FileExistsError:
        # Not opened here: closing it would drop SQLite's locks on it in this process.
        path.chmod(0o600)


@contextlib.contextmanager
def _our_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except apsw.FullError as error:
        raise KirdiError(f"spool {path}: the disk is full; free some space") from error
    except apsw.BusyError as error:
        raise KirdiError(f"spool {path}: is in use by another service; stop that one") from error
    except (apsw.NotADBError, apsw.CorruptError) as error:
        raise KirdiError(
            f"spool {path}: is damaged; move it aside, it may name check-ins that the "
            "database lacks"
        ) from error
    except (apsw.Error, OSError) as error:
        reason = error.strerror if isinstance(error, OSError) else type(error).__name__
        raise KirdiError(
            f"spool {path}: cannot be used ({reason}); make its folder writable for "
            "this user and see that the disk is healthy"
        ) from error


def _body(check_in: CheckIn) -> str:
    return json.dumps(
        {
            "event_id": str(check_in.event_id),
            "site_id": check_in.site_id,
            "appointment_id": str(check_in.appointment_id),
            "patient_id": str(check_in.patient_id),
            "method": check_in.method.value,
            "evidence": check_in.evidence.value,
            "occurred_at": check_in.occurred_at.isoformat(),
            "camera_id": check_in.camera_id,
            "score": check_in.score,
            "threshold": check_in.threshold,
            "pack_id": check_in.pack_id,
            "decided_by": check_in.decided_by,
            "device_id": check_in.device_id,
            "note": check_in.note,
        }
    )


def _check_in(body: str) -> CheckIn:
    fields = json.loads(body)
    return CheckIn(
        event_id=UUID(fields["event_id"]),
        site_id=fields["site_id"],
        appointment_id=UUID(fields["appointment_id"]),
        patient_id=UUID(fields["patient_id"]),
        method=Method(fields["method"]),
        evidence=EvidenceGrade(fields["evidence"]),
        occurred_at=datetime.fromisoformat(fields["occurred_at"]),
        camera_id=fields["camera_id"],
        score=fields["score"],
        threshold=fields["threshold"],
        pack_id=fields["pack_id"],
        # Absent in what an earlier version left.
        decided_by=fields.get("decided_by"),
        device_id=fields.get("device_id"),
        note=fields.get("note"),
    )
