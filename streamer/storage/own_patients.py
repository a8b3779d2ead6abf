"""Nobody vouches for their own patients: who bills a visit can't produce its evidence.

Asked inside every transaction in which a person enrols, checks in, reviews, undoes, or issues or
redeems a code; and of imports, which say whose an appointment is and what a patient's phone is.
Whoever billed a visit counts as whoever bills it, though it was made another one's since.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from streamer.domain.actor import Actor
from streamer.errors import InputError
from streamer.storage.postgres import Connection
from streamer.storage.queries import sql


class OwnPatientError(InputError):
    """Somebody was about to vouch for a patient of their own."""

    def __init__(self, message: str, *patient_ids: UUID) -> None:
        """Keep whose patient it was, or patients, for the audit."""
        super().__init__(message, code="own_patient")
        self.patient_ids = patient_ids


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


async def billed_among(
    connection: Connection,
    site_id: str,
    actor: Actor,
    patient_ids: Collection[UUID],
    now: datetime,
) -> frozenset[UUID]:
    """Return those of the patients whom `refuse_own_patient` would refuse; raises DatabaseError."""
    if not actor.practitioner_refs or not patient_ids:
        return frozenset()
    rows = await connection.fetch(
        sql("billed_among"), site_id, list(patient_ids), actor.practitioner_refs, now
    )
    return frozenset(row["patient_id"] for row in rows)


async def own_visits_among(
    connection: Connection, site_id: str, actor: Actor, patient_ids: Collection[UUID]
) -> Sequence[tuple[UUID, UUID, datetime]]:
    """Return appointment, patient and start of what the actor has, or had, with these patients.

    Raises:
        DatabaseError: It is not known.
    """
    if not actor.practitioner_refs or not patient_ids:
        return ()
    rows = await connection.fetch(
        sql("own_visits_among"), site_id, list(patient_ids), actor.practitioner_refs
    )
    return [(row["appointment_id"], row["patient_id"], row["starts_at"]) for row in rows]
