"""Stores a patient's consent and template together, or neither. Called by `patients.enrolment`."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID, uuid4

from matcher.face import Vector
from streamer.crypto.vault import Purpose, SealedFor, Vault
from streamer.domain.photo_agreement import PhotoAgreement
from streamer.errors import InputError
from streamer.storage.look_alikes import LookAlike, Newcomer, find_look_alikes
from streamer.storage.postgres import Connection, Postgres, write_rows
from streamer.storage.queries import sql
from streamer.storage.vectors import vector_bytes

_PURPOSE = "check-in"


class PostgresEnrolment:
    """Writes consents and templates. The gallery follows by itself; nothing needs to be told."""

    def __init__(self, postgres: Postgres, vault: Vault, site_id: str) -> None:
        """Keep the collaborators."""
        self._postgres = postgres
        self._vault = vault
        self._site_id = site_id

    async def save(
        self,
        patient_ref: str,
        consent_ref: str,
        vector: Vector,
        pack_id: str,
        photos: int,
        now: datetime,
        expires_at: datetime | None = None,
        *,
        agreements: Sequence[PhotoAgreement] = (),
        alike_within: float = 0.0,
        anyway: bool = False,
    ) -> tuple[str, ...]:
        """Store both in one transaction; a former template of the pack is deleted.

        The same document named again is the same consent. Another document replaces it.

        Every other template of the site is looked at, one enrolment at a time: of two that bring
        the same face at once, the second finds the first.

        Args:
            patient_ref: The clinic's reference.
            consent_ref: The signed document.
            vector: float32 (d,), fused from the photos.
            pack_id: The model pack it was made with.
            photos: How many photos it was fused from.
            now: Aware; when the consent was given, where it is a new one.
            expires_at: Aware; None = until withdrawn.
            agreements: Of each photo with the others; they go when the template goes.
            alike_within: Distance from which on two people can't be told apart; 0 = nobody is
                looked at.
            anyway: Enrol although somebody is too much like this one. Neither is recognised by
                face then, until one of them withdraws or is enrolled anew, less alike.

        Returns:
            References of those who are too much like this patient.

        Raises:
            InputError: The patient is unknown, staff or dead, the consent's term is over, or the
                face may already be enrolled. Only the record of having looked was written.
            DatabaseError: Nothing was written.
            VaultError: The patient's data key does not open; nothing was written.
        """
        plain = vector_bytes(vector)
        if expires_at is not None and expires_at <= now:
            raise InputError(f"consent {consent_ref}: its term is over; have a new one signed")
        async with self._postgres.transaction() as connection:
            await connection.execute(sql("lock_for_transaction"), f"enrolment:{self._site_id}")
            patient_id, key = await self._enrollable(connection, patient_ref)
            alike: list[LookAlike] = []
            if alike_within > 0.0:
                newcomer = Newcomer(self._site_id, patient_id, pack_id, vector, alike_within)
                alike = await find_look_alikes(connection, self._vault, newcomer, now)
            if anyway or not alike:
                consent_id = await _consent(connection, patient_id, consent_ref, now, expires_at)
                template_id = uuid4()
                place = SealedFor(patient_id, Purpose.TEMPLATE, template_id, pack_id)
                sealed = self._vault.seal(key, place, plain)
                row = (template_id, patient_id, consent_id, pack_id, sealed, photos, now)
                await connection.execute(sql("delete_template"), patient_id, pack_id)
                await connection.execute(sql("insert_template"), *row)
                await _details(connection, template_id, agreements, alike, now)
        # Outside the transaction: that everybody was looked at stays on record.
        if alike and not anyway:
            raise _already_enrolled(patient_ref, alike)
        return tuple(one.patient_ref for one in alike)

    async def _enrollable(self, connection: Connection, patient_ref: str) -> tuple[UUID, bytes]:
        row = await connection.fetchrow(sql("patient_for_enrolment"), self._site_id, patient_ref)
        if row is None:
            raise InputError(
                f"patient {patient_ref}: is unknown at site {self._site_id}; "
                "import the patient first"
            )
        if row["is_staff"]:
            raise InputError(
                f"patient {patient_ref}: is staff, and staff are never checked in by face; "
                "use another way to check in"
            )
        if row["deceased_on"] is not None:
            raise InputError(
                f"patient {patient_ref}: is recorded as deceased; correct the import if that is "
                "wrong"
            )
        return row["patient_id"], row["wrapped_key"]


async def _details(
    connection: Connection,
    template_id: UUID,
    agreements: Sequence[PhotoAgreement],
    alike: Sequence[LookAlike],
    now: datetime,
) -> None:
    """Write what belongs to a template and goes with it."""
    photos = [
        (template_id, photo, one.distance, one.score) for photo, one in enumerate(agreements, 1)
    ]
    await write_rows(connection, sql("insert_photo_agreement"), photos)
    pairs = [(template_id, one.template_id, now) for one in alike]
    await write_rows(connection, sql("insert_look_alike"), pairs)


def _already_enrolled(patient_ref: str, alike: Sequence[LookAlike]) -> InputError:
    names = ", ".join(f"{one.patient_ref} (distance {one.distance:.2f})" for one in alike)
    return InputError(
        f"patient {patient_ref}: this face may already be enrolled as {names}; if that is the same "
        "person, merge the two records in the hospital's system; if they are two, such as twins, "
        "enrol with --anyway: both then check in by code only"
    )


async def _consent(
    connection: Connection,
    patient_id: UUID,
    consent_ref: str,
    now: datetime,
    expires_at: datetime | None,
) -> UUID:
    """Return the consent in force under this document; make it where there is none."""
    active = await connection.fetchrow(sql("active_consent"), patient_id, _PURPOSE)
    if active is not None:
        running = active["expires_at"] is None or active["expires_at"] > now
        same = active["document_ref"] == consent_ref and active["expires_at"] == expires_at
        if running and same:
            consent_id: UUID = active["consent_id"]
            return consent_id
        await connection.execute(sql("end_consent"), active["consent_id"])
    made = uuid4()
    await connection.execute(
        sql("insert_consent"), made, patient_id, _PURPOSE, consent_ref, now, expires_at
    )
    if active is not None:
        await connection.execute(sql("move_templates"), active["consent_id"], made)
    return made
