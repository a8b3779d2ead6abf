"""For which of their dependants a guardian may speak today. Asked by `storage.claims`.

What the imports or the national service call a dependant may have come of age or died since. The
birth date is sealed.
"""

from collections.abc import Collection
from datetime import date
from uuid import UUID

import asyncpg
import structlog

from streamer.crypto.vault import Vault
from streamer.domain.age import may_have_guardian
from streamer.errors import VaultError
from streamer.storage.postgres import Connection
from streamer.storage.profile import patient_from
from streamer.storage.queries import sql

log = structlog.get_logger(__name__)


async def wards_among(
    connection: Connection, site_id: str, vault: Vault, patients: Collection[UUID], day: date
) -> frozenset[UUID]:
    """Return those who are alive and, as far as is known, under age on the site's `day`.

    Raises:
        DatabaseError: It is not known.
    """
    if not patients:
        return frozenset()
    rows = await connection.fetch(sql("profiles_of"), site_id, list(patients))
    return frozenset(row["patient_id"] for row in rows if _is_ward(row, vault, day))


def _is_ward(row: asyncpg.Record, vault: Vault, day: date) -> bool:
    try:
        patient = patient_from(row, (), vault)
    except VaultError as error:
        # One damaged row must not keep a family from coming in.
        log.error("age not known", patient=str(row["patient_id"]), reason=str(error))
        return False
    return patient.deceased_on is None and may_have_guardian(patient, day)
