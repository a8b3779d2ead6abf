"""Writes the audit into two files: FHIR for whoever reads it, the raw chains for whoever checks it.

Used by `kirdi audit export`. Blocking. Both are there whole or not at all.
"""

import json
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Protocol, Self

from streamer.domain.recorded_event import RecordedEvent
from streamer.errors import InputError
from streamer.exchange.fhir_audit import audit_event_resource


class Lane(Protocol):
    """Where a chain begins and ends."""

    @property
    def lane(self) -> int:
        """Which."""
        ...

    @property
    def sequence(self) -> int:
        """Of its last event."""
        ...

    @property
    def head(self) -> bytes:
        """And its hash."""
        ...

    @property
    def base_sequence(self) -> int:
        """Of the last event that retention removed."""
        ...

    @property
    def base_hash(self) -> bytes:
        """And its hash."""
        ...


def chain_path(path: Path) -> Path:
    """Where the chains of an export go."""
    return path.with_name(f"{path.stem}.chain{path.suffix}")


class AuditExport:
    """Open for as long as events come; what is not finished is removed."""

    def __init__(self, path: Path) -> None:
        """Remember where; `with` opens."""
        self._paths = (path, chain_path(path))
        self._files: list[IO[str]] = []

    def __enter__(self) -> Self:
        """Open both.

        Raises:
            InputError: They cannot be written.
        """
        try:
            for path in self._paths:
                flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
                descriptor = os.open(_part(path), flags, 0o600)
                self._files.append(os.fdopen(descriptor, "w", encoding="utf-8"))
        except OSError as error:
            self._discard()
            raise _cannot(self._paths[0], error) from error
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Put both in their places, or remove them."""
        if kind is not None:
            self._discard()
            return
        try:
            for file in self._files:
                file.flush()
                os.fsync(file.fileno())
                file.close()
            for path in self._paths:
                _part(path).rename(path)
        except OSError as wrong:
            self._discard()
            raise _cannot(self._paths[0], wrong) from wrong

    def lanes(self, site_id: str, lanes: Sequence[Lane]) -> None:
        """Write where the chains begin and end; first of all."""
        for one in lanes:
            self._line(
                1,
                {
                    "site": site_id,
                    "lane": one.lane,
                    "sequence": one.sequence,
                    "head": one.head.hex(),
                    "base_sequence": one.base_sequence,
                    "base_hash": one.base_hash.hex(),
                },
            )

    def events(self, portion: Sequence[tuple[RecordedEvent, int]]) -> None:
        """Write events, each with when it was recorded in microseconds since 1970.

        Raises:
            InputError: The disk is full, for instance.
        """
        for event, micros in portion:
            self._line(0, audit_event_resource(event))
            self._line(
                1,
                {
                    "lane": event.lane,
                    "sequence": event.sequence,
                    "recorded": micros,
                    "body": event.body,
                    "hash": event.hash.hex(),
                },
            )

    def _line(self, which: int, said: object) -> None:
        try:
            self._files[which].write(json.dumps(said, ensure_ascii=False) + "\n")
        except OSError as error:
            raise _cannot(self._paths[which], error) from error

    def _discard(self) -> None:
        for file in self._files:
            with suppress(OSError):
                file.close()
        for path in self._paths:
            with suppress(OSError):
                _part(path).unlink(missing_ok=True)


def _part(path: Path) -> Path:
    return path.with_name(path.name + ".part")


def _cannot(path: Path, error: OSError) -> InputError:
    return InputError(
        f"-o {path}: cannot be written ({error.strerror}); give a file in a folder of yours, on a "
        "disk with space"
    )
