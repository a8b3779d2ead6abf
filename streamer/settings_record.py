"""Keeps in the audit with which settings the service starts, and which of them changed since.

Of each key a keyed hash is kept in the home folder; values are neither there nor in the audit.
Called by `app`.
"""

import asyncio
import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol

import structlog
from pydantic import BaseModel, SecretStr

from config.settings import Settings
from streamer.crypto.checkpoint_seal import CheckpointSeal
from streamer.domain.actor import Actor
from streamer.domain.audit_event import AuditAction, AuditEvent, AuditKind

log = structlog.get_logger(__name__)


class Audit(Protocol):
    """Where it is kept."""

    async def record(self, events: Sequence[AuditEvent]) -> None:
        """Keep events; raises DatabaseError."""
        ...


class SettingsRecord:
    """What the settings of the last start were, by their hashes."""

    def __init__(self, home: Path, seal: CheckpointSeal) -> None:
        """Remember where."""
        self._path = home / "audit" / "settings.json"
        self._seal = seal

    async def keep(self, settings: Settings, audit: Audit, by: Actor, now: datetime) -> None:
        """Record the start, and which keys are not as they were at the last one.

        Raises:
            DatabaseError: It could not be recorded; the service does not start.
        """
        before = await asyncio.to_thread(self._read)
        after = {
            key: self._seal.of(f"{key}={value}".encode())[:16] for key, value in _leaves(settings)
        }
        keys = sorted(
            key for key in before.keys() | after.keys() if before.get(key) != after.get(key)
        )
        event = AuditEvent(
            AuditKind.SETTINGS_CHANGE,
            AuditAction.EXECUTE,
            by.name,
            now,
            entity_type="service",
            reason="start" if before else "first-start",
            detail=(("keys", ",".join(keys) or None if before else None), ("known", len(after))),
        )
        await audit.record([event])
        if before != after:
            try:
                await asyncio.to_thread(self._write, after)
            except OSError as error:
                # The next start then names these keys once more.
                log.warning("settings of this start not kept", reason=error.strerror)

    def _read(self) -> dict[str, str]:
        try:
            said = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return said if isinstance(said, dict) else {}

    def _write(self, hashes: dict[str, str]) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = self._path.with_suffix(".new")
        fresh.write_text(json.dumps(hashes), encoding="utf-8")
        fresh.rename(self._path)


def _leaves(section: BaseModel, name: str = "") -> Iterator[tuple[str, str]]:
    """Each key with its whole name, and its value as text. Secret."""
    for key in type(section).model_fields:
        value, whole = getattr(section, key), f"{name}{key}"
        if isinstance(value, BaseModel):
            yield from _leaves(value, f"{whole}.")
        elif isinstance(value, tuple) and any(isinstance(one, BaseModel) for one in value):
            for one in value:
                yield from _leaves(one, f"{whole}[{getattr(one, 'id', '')}].")
        else:
            yield whole, repr(value.get_secret_value() if isinstance(value, SecretStr) else value)
