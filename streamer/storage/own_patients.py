"""Nobody vouches for their own patients: who bills a visit can't produce its evidence.

Asked inside every transaction in which a person enrols, checks in, reviews, undoes, or issues or
redeems a code.
"""

from datetime import datetime
from uuid import UUID

from streamer.domain.actor import Actor
from streamer.errors import InputError
from streamer.storage.postgres import Connection
from streamer.storage.queries import sql


class OwnPatientError(InputError):
    """Somebody was about to vouch for a patient of their own."""

    def __init__(self, message: str, patient_id: UUID) -> None:
        """Keep whose patient it was, for the audit."""
        super().__init__(message, code="own_patient")
        self.patient_id = patient_id


async def refuse_own_patient(
    connection: Connection, site_id: str, actor: Actor, patient_id: UUID, now: datetime
) -> None:
    """Refuse where the actor has, or had within a year, appointments with the patient.

    Raises:
        OwnPatientError: It is one of theirs.
        DatabaseError: It is not known.
    """
    if not actor.practitioner_refs:
        return
    practitioner_ref = await connection.fetchval(
        sql("bills_patient"), site_id, patient_id, actor.practitioner_refs, now
    )
    if practitioner_ref is not None:
        raise OwnPatientError(
            f"{actor.name}: is practitioner {practitioner_ref} and has appointments with "
            "this patient; somebody else has to do this",
            patient_id,
        )
