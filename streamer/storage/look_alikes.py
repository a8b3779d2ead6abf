"""Compares a new template with every other one of the site. Called by `storage.enrolment`.

The one place where templates of people without an appointment are read. They are decrypted in
portions, in memory, compared and let go; each such reading is recorded, in
`template_reads` and in the audit.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg
import numpy as np
import structlog

from matcher.face import Vector
from streamer.crypto.vault import Purpose, SealedFor, Vault
from streamer.domain.actor import Actor
from streamer.domain.audit_event import AuditAction, AuditEvent, AuditKind
from streamer.errors import VaultError
from streamer.storage.audit import append
from streamer.storage.postgres import Connection
from streamer.storage.queries import sql
from streamer.storage.vectors import vector_from

log = structlog.get_logger(__name__)

# Templates decrypted at once: a quarter of a megabyte of vectors.
_PORTION = 500


@dataclass(frozen=True, slots=True)
class LookAlike:
    """Somebody else's template that is too near to a new one."""

    template_id: UUID
    patient_id: UUID
    patient_ref: str
    distance: float


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Whose new template is compared.

    Attributes:
        patient_id: Whose own former templates are left out.
        vector: float32 (d,).
        within: Distance from which on two people can't be told apart.
    """

    site_id: str
    patient_id: UUID
    pack_id: str
    vector: Vector
    within: float


async def find_look_alikes(
    connection: Connection, vault: Vault, newcomer: Newcomer, by: Actor, now: datetime
) -> list[LookAlike]:
    """Everybody at the site whose template lies nearer than `within`, the nearest first.

    Templates whose consent is over are not read. One that does not open is left out and logged.
    The record of the reading is part of the connection's transaction.

    Raises:
        DatabaseError: It refuses.
    """
    cursor = await connection.cursor(
        sql("site_templates"), newcomer.site_id, newcomer.pack_id, newcomer.patient_id, now
    )
    found: list[LookAlike] = []
    read = 0
    while rows := await cursor.fetch(_PORTION):
        read += len(rows)
        found += await asyncio.to_thread(_nearer, rows, vault, newcomer)
    found.sort(key=lambda one: one.distance)
    alike = [one.patient_id for one in found]
    await connection.execute(
        sql("record_template_read"),
        newcomer.site_id,
        now,
        newcomer.patient_id,
        newcomer.pack_id,
        read,
        alike,
        "enrolment",
    )
    # Everybody's: whose they are is not listed, the site's consents of that moment say it.
    event = AuditEvent(
        AuditKind.TEMPLATE_READ,
        AuditAction.READ,
        by.name,
        now,
        patient_id=newcomer.patient_id,
        reason="enrolment",
        detail=(
            ("templates", read),
            ("pack", newcomer.pack_id),
            ("alike", ",".join(sorted(map(str, alike)))),
        ),
    )
    await append(connection, newcomer.site_id, [event])
    log.info("templates read", purpose="enrolment", templates=read, alike=len(alike))
    return found


def _nearer(rows: Sequence[asyncpg.Record], vault: Vault, newcomer: Newcomer) -> list[LookAlike]:
    found = []
    for row in rows:
        template_id: UUID = row["template_id"]
        place = SealedFor(row["patient_id"], Purpose.TEMPLATE, template_id, newcomer.pack_id)
        try:
            plain = vault.unseal(
                row["wrapped_key"], place, row["sealed_vector"], own_key=row["own_key"]
            )
            vector = vector_from(plain)
        except VaultError as error:
            log.error("template left out", template=str(template_id), reason=str(error))
            continue
        if vector.shape != newcomer.vector.shape:
            log.error("template left out", template=str(template_id), reason="of another length")
            continue
        distance = float(np.linalg.norm(vector.astype(np.float64) - newcomer.vector))
        if distance < newcomer.within:
            found.append(LookAlike(template_id, row["patient_id"], row["patient_ref"], distance))
    return found
