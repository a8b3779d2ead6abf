"""Reads who may be recognised now. Asked every second by `streamer.gallery_keeper`."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import asyncpg
import structlog

from streamer.crypto.vault import Purpose, SealedFor, Vault
from streamer.domain.actor import SERVICE
from streamer.domain.audit_event import AuditAction, AuditEvent, AuditKind
from streamer.domain.presence_window import PresenceWindow
from streamer.domain.template import GalleryKey, Template
from streamer.errors import VaultError
from streamer.storage.audit import append
from streamer.storage.postgres import Postgres
from streamer.storage.queries import sql
from streamer.storage.vectors import vector_from

log = structlog.get_logger(__name__)

# Patients named in one audit event: one of its own each would be most of the audit.
_NAMED: Final = 100


class PostgresGallery:
    """The two gallery queries: cheap keys each second, vectors only for what is new.

    Consent is part of both queries. Whoever has an appointment whose presence window is open may be
    recognised; that window holds the arrival window.
    """

    def __init__(
        self,
        postgres: Postgres,
        vault: Vault,
        site_id: str,
        pack_id: str,
        window: PresenceWindow,
    ) -> None:
        """Keep what both queries ask for; `pack_id` is the pack the cameras' faces go through."""
        self._postgres = postgres
        self._vault = vault
        self._where = (site_id, pack_id)
        self._window = window
        self._unreadable: set[UUID] = set()
        # Rows that are as they were a second ago are told quickly; thousands of keys are not made
        # quickly.
        self._rows: list[asyncpg.Record] = []
        self._keys: frozenset[GalleryKey] = frozenset()

    async def keys(self, now: datetime) -> frozenset[GalleryKey]:
        """Which templates may be matched at `now`, and for which appointments.

        Raises:
            DatabaseError: It refuses.
        """
        async with self._postgres.connection() as connection:
            rows = await connection.fetch(
                sql("gallery_keys"), *self._where, now, *self._starts(now)
            )
        if rows != self._rows:
            keys = (GalleryKey(row["template_id"], row["appointment_id"]) for row in rows)
            self._rows, self._keys = rows, frozenset(keys)
        return self._keys

    async def templates(self, ids: frozenset[UUID], now: datetime) -> Sequence[Template]:
        """Return those of `ids` that still may be matched, decrypted; the audit says whose.

        One that does not open is left out and logged: damage to one patient's row must not keep
        everybody else from being recognised.

        Raises:
            DatabaseError: It refuses.
        """
        site_id, pack_id = self._where
        async with self._postgres.transaction() as connection:
            rows = await connection.fetch(
                sql("gallery_templates"), *self._where, now, *self._starts(now), list(ids)
            )
            patients = sorted(row["patient_id"] for row in rows)
            events = [
                _read(patients[first : first + _NAMED], pack_id, now)
                for first in range(0, len(patients), _NAMED)
            ]
            await append(connection, site_id, events)
        return await asyncio.to_thread(self._unseal, rows)

    def _starts(self, now: datetime) -> tuple[list[datetime], list[datetime]]:
        """The ranges of starts whose window is open: where they begin, and where they end."""
        ranges = self._window.open_starts(now)
        return [one[0] for one in ranges], [one[1] for one in ranges]

    def _unseal(self, rows: Sequence[asyncpg.Record]) -> list[Template]:
        opened, damaged = unsealed(rows, self._vault)
        for template_id, error in damaged:
            if template_id not in self._unreadable:
                self._unreadable.add(template_id)
                log.error("template left out", template=str(template_id), reason=str(error))
        return opened


def _read(patients: Sequence[UUID], pack_id: str, now: datetime) -> AuditEvent:
    alone = len(patients) == 1
    return AuditEvent(
        AuditKind.TEMPLATE_READ,
        AuditAction.READ,
        SERVICE.name,
        now,
        patient_id=patients[0] if alone else None,
        reason="gallery",
        detail=(
            ("templates", len(patients)),
            ("pack", pack_id),
            ("patients", None if alone else ",".join(map(str, patients))),
        ),
    )


def unsealed(
    rows: Sequence[asyncpg.Record], vault: Vault
) -> tuple[list[Template], list[tuple[UUID, VaultError]]]:
    """Decrypt templates, each with its own key or, if it has none, its patient's. Blocks.

    Returns:
        Those that open; and the ids of the others, with the reason.
    """
    opened: list[Template] = []
    damaged: list[tuple[UUID, VaultError]] = []
    for row in rows:
        template_id: UUID = row["template_id"]
        place = SealedFor(row["patient_id"], Purpose.TEMPLATE, template_id, row["pack_id"])
        try:
            plain = vault.unseal(
                row["wrapped_key"], place, row["sealed_vector"], own_key=row["own_key"]
            )
            vector = vector_from(plain)
        except VaultError as error:
            damaged.append((template_id, error))
        else:
            opened.append(Template(template_id, row["patient_id"], row["pack_id"], vector))
    return opened, damaged
