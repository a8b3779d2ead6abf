"""Marks a database that is being restored, and erases again what was erased since its backup.

Between the first row and the last erasure nobody else may open it: `open_database` and `migrate`
refuse. Used by `streamer.backup`; see docs/design/0018.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol
from uuid import UUID

import asyncpg

from streamer.domain.actor import Actor
from streamer.domain.consent import EndReason
from streamer.domain.erased import Erased
from streamer.domain.erased_patient import ErasedPatient
from streamer.errors import DatabaseError, InputError
from streamer.storage.database_errors import Place
from streamer.storage.eraser import Eraser
from streamer.storage.postgres import Connection, Postgres
from streamer.storage.queries import sql

# The reason of receipts of persons who wished to be erased.
_PERSON: Final = "erasure"


@dataclass(frozen=True, slots=True)
class Settled:
    """What a restored database was cured of.

    Attributes:
        patients: Whose consents or templates the backup had brought back.
        receipts: The new receipts of what was erased again.
        by_hand: Of whom nothing is recognised any more, and whose profile has still to be erased
            by hand, as they signed for others.
    """

    patients: int
    receipts: tuple[UUID, ...]
    by_hand: tuple[UUID, ...] = ()


class ErasesPersons(Protocol):
    """Erases whole persons; see `patient_erasure`."""

    async def erase(self, patient_ref: str, reason: str, by: Actor, now: datetime) -> ErasedPatient:
        """Do it; raises InputError where it cannot be."""
        ...


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
    by: Actor,
    now: datetime,
    persons: ErasesPersons,
) -> Settled:
    """End and erase again what the register names, a transaction for each patient.

    What was agreed to after it was withdrawn stays. Sessions and tokens of the API end, and tablets
    have to be paired anew, all of them. Doing it twice changes nothing.

    Args:
        postgres: The restored database.
        eraser: Of the site.
        site_id: Whose patients.
        entries: The register.
        by: Who restores, as recorded.
        now: Aware.
        persons: Erases those again who wished to be erased altogether.

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
                    connection, patient, (entry.purpose,), _reason(entry), by.name, now
                )
                if ended.receipt is not None:
                    receipts.append(ended.receipt.erasure_id)
            patients += touched
    by_hand = []
    for entry in entries:
        if entry.site_id != site_id or (entry.kind, entry.reason) != ("erasure", _PERSON):
            continue
        async with postgres.connection() as connection:
            if not await connection.fetchval(sql("is_person_here"), site_id, entry.patient_id):
                continue
        try:
            erased = await persons.erase(str(entry.patient_id), "restored", by, now)
        except InputError:
            by_hand.append(entry.patient_id)
        else:
            receipts.append(erased.receipt.erasure_id)
    async with postgres.transaction() as connection:
        # Nobody knows which of them were ended since the backup: all are.
        await connection.execute(sql("end_all_sessions"), site_id)
        await connection.execute(sql("revoke_all_tokens"), site_id, now)
        await connection.execute(sql("unpair_all_devices"), site_id)
    return Settled(patients, tuple(receipts), tuple(by_hand))


def _reason(entry: Erased) -> EndReason:
    """Why it ended the first time; what another version called otherwise was a withdrawal."""
    try:
        return EndReason(entry.reason)
    except ValueError:
        return EndReason.WITHDRAWN
