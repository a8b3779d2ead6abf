"""Marks a database that is being restored, and erases again what was erased since its backup.

Between the first row and the last erasure nobody else may open it: `open_database` and `migrate`
refuse. Used by `streamer.backup`; see docs/design/0018.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from streamer.domain.consent import EndReason
from streamer.domain.erased import Erased
from streamer.errors import DatabaseError
from streamer.storage.database_errors import Place
from streamer.storage.eraser import Eraser
from streamer.storage.postgres import Connection, Postgres
from streamer.storage.queries import sql


@dataclass(frozen=True, slots=True)
class Settled:
    """What a restored database was cured of.

    Attributes:
        patients: Whose consents or templates the backup had brought back.
        receipts: The new receipts of what was erased again.
    """

    patients: int
    receipts: tuple[UUID, ...]


async def refuse_half_restored(connection: "Connection | asyncpg.Connection", place: Place) -> None:
    """Refuse a database whose restoring has not come to its end.

    Raises:
        DatabaseError: It has to be finished first.
    """
    if await connection.fetchval(sql("is_being_restored")):
        raise DatabaseError(
            f"database {place}: is being restored from a backup, and what was erased since that "
            "backup is not erased again yet; finish it: run `kirdi backup restore` once more"
        )


async def settle(
    postgres: Postgres,
    eraser: Eraser,
    site_id: str,
    entries: Sequence[Erased],
    by: str,
    now: datetime,
) -> Settled:
    """End and erase again what the register names, a transaction for each patient.

    What was agreed to after it was withdrawn stays. Doing it twice changes nothing.

    Args:
        postgres: The restored database.
        eraser: Of the site.
        site_id: Whose patients.
        entries: The register.
        by: Who restores, as recorded.
        now: Aware.

    Raises:
        DatabaseError: Some may be erased; do it again.
        VaultError: See `Eraser.end`.
    """
    by_patient: dict[UUID, list[Erased]] = {}
    for entry in entries:
        if entry.site_id == site_id:
            by_patient.setdefault(entry.patient_id, []).append(entry)
    patients, receipts = 0, []
    for patient_id, of_patient in by_patient.items():
        async with postgres.transaction() as connection:
            patient = await connection.fetchrow(sql("lock_patient"), site_id, patient_id)
            if patient is None:
                continue
            touched = False
            for entry in sorted(of_patient, key=lambda one: one.at):
                back = await connection.fetchval(
                    sql("came_back"), patient_id, entry.purpose.value, entry.at
                )
                if not back:
                    continue
                touched = True
                ended = await eraser.end(
                    connection, patient, (entry.purpose,), _reason(entry), by, now
                )
                if ended.receipt is not None:
                    receipts.append(ended.receipt.erasure_id)
            patients += touched
    return Settled(patients, tuple(receipts))


def _reason(entry: Erased) -> EndReason:
    """Why it ended the first time; what another version called otherwise was a withdrawal."""
    try:
        return EndReason(entry.reason)
    except ValueError:
        return EndReason.WITHDRAWN
