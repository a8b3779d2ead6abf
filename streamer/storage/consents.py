"""Ends a patient's consent. Called where a withdrawal is received; so far the demo's alone."""

from datetime import datetime

from streamer.errors import InputError
from streamer.storage.postgres import Postgres
from streamer.storage.queries import sql

_PURPOSE = "check-in"


class PostgresConsents:
    """Writes withdrawals. The gallery follows by itself; nothing needs to be told."""

    def __init__(self, postgres: Postgres, site_id: str) -> None:
        """Keep the collaborators."""
        self._postgres = postgres
        self._site_id = site_id

    async def withdraw(self, patient_ref: str, now: datetime) -> None:
        """End the consent in force and delete the patient's templates, together or not at all.

        The consent stays as a record, `inactive` as FHIR R4 says. A check-in that is being written
        meanwhile is finished first; none is written after.

        Args:
            patient_ref: The clinic's reference.
            now: Aware; when it was withdrawn.

        Raises:
            InputError: The patient is unknown, or there is no consent to withdraw.
            DatabaseError: Nothing was written.
        """
        async with self._postgres.transaction() as connection:
            patient = await connection.fetchrow(
                sql("patient_for_enrolment"), self._site_id, patient_ref
            )
            if patient is None:
                raise InputError(
                    f"patient {patient_ref}: is unknown at site {self._site_id}; "
                    "look at the reference"
                )
            active = await connection.fetchrow(
                sql("active_consent"), patient["patient_id"], _PURPOSE
            )
            if active is None:
                raise InputError(
                    f"patient {patient_ref}: has no consent in force; there is none to withdraw"
                )
            await connection.execute(sql("withdraw_consent"), active["consent_id"], now)
            await connection.execute(sql("delete_templates"), patient["patient_id"])
