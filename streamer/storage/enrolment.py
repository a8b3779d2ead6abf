"""Stores a patient's template upon a consent in force. Called by `patients.enrolment`."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol
from uuid import UUID, uuid4

from matcher.face import Vector
from streamer.crypto.vault import Purpose, SealedFor, Vault
from streamer.domain.actor import Actor
from streamer.domain.audit_event import AuditAction, AuditEvent, AuditKind, AuditOutcome
from streamer.domain.consent import ConsentInForce, ConsentPurpose
from streamer.domain.patient import Patient
from streamer.domain.photo_agreement import PhotoAgreement
from streamer.errors import InputError, LookAlikeError
from streamer.storage.audit import append
from streamer.storage.keys import hold_current_key
from streamer.storage.look_alikes import LookAlike, Newcomer, find_look_alikes
from streamer.storage.own_patients import practitioner_refs_of, refuse_own_patient
from streamer.storage.postgres import Connection, Postgres, write_rows
from streamer.storage.profile import patient_from
from streamer.storage.queries import sql
from streamer.storage.refusals import refusals_recorded
from streamer.storage.vectors import vector_bytes


class EnrolmentRules(Protocol):
    """Who may be enrolled; see `streamer.patients.consent_rules`."""

    def refuse_enrolment(
        self, patient: Patient, consent: ConsentInForce | None, consent_ref: str, now: datetime
    ) -> None:
        """Raise InputError where the patient may not be, upon this consent."""
        ...


class PostgresEnrolment:
    """Writes templates. The gallery follows by itself; nothing needs to be told."""

    def __init__(
        self, postgres: Postgres, vault: Vault, site_id: str, rules: EnrolmentRules
    ) -> None:
        """Keep the collaborators."""
        self._postgres = postgres
        self._vault = vault
        self._site_id = site_id
        self._rules = rules

    async def check(self, patient_ref: str, consent_ref: str, by: Actor, now: datetime) -> None:
        """Refuse what `save` would refuse before it looks at a face; writes that alone.

        Raises:
            InputError: As `save`.
            DatabaseError: It refuses.
            VaultError: The patient's profile does not open.
        """
        async with (
            refusals_recorded(self._postgres, self._site_id, _attempt(by, now), patient_ref),
            self._postgres.connection() as connection,
        ):
            await self._enrollable(connection, patient_ref, consent_ref, by, now)

    async def save(
        self,
        patient_ref: str,
        consent_ref: str,
        vector: Vector,
        pack_id: str,
        photos: int,
        now: datetime,
        *,
        by: Actor,
        agreements: Sequence[PhotoAgreement] = (),
        alike_within: float = 0.0,
        anyway: bool = False,
    ) -> tuple[str, ...]:
        """Store it, under a key of its own; a former template of the pack is deleted.

        Every other template of the site is looked at, one enrolment at a time: of two that bring
        the same face at once, the second finds the first.

        Args:
            patient_ref: The clinic's reference.
            consent_ref: The document of the consent in force; empty = whichever it is.
            vector: float32 (d,), fused from the photos.
            pack_id: The model pack it was made with.
            photos: How many photos it was fused from.
            now: Aware.
            by: Who enrols.
            agreements: Of each photo with the others; they go when the template goes.
            alike_within: Distance from which on two people can't be told apart; 0 = nobody is
                looked at.
            anyway: Enrol although somebody is too much like this one. Neither is recognised by
                face then, until one of them withdraws or is enrolled anew, less alike.

        Returns:
            References of those who are too much like this patient.

        Raises:
            InputError: The patient is unknown or may not be enrolled, there is no such consent in
                force, or the face may already be enrolled. Only the record of it was written.
            DatabaseError: Nothing was written.
            VaultError: The patient's profile does not open; nothing was written.
        """
        plain = vector_bytes(vector)
        async with (
            refusals_recorded(self._postgres, self._site_id, _attempt(by, now), patient_ref),
            self._postgres.transaction() as connection,
        ):
            await connection.execute(sql("lock_for_transaction"), f"enrolment:{self._site_id}")
            patient_id, consent_id = await self._enrollable(
                connection, patient_ref, consent_ref, by, now
            )
            newcomer = Newcomer(self._site_id, patient_id, pack_id, vector, alike_within)
            alike = await self._alike(connection, newcomer, by, now)
            enrolled = anyway or not alike
            about = replace(_attempt(by, now), patient_id=patient_id, entity_id=str(consent_id))
            detail = (("pack", pack_id), ("photos", photos), ("alike", len(alike)))
            event = replace(about, entity_type="Consent", detail=detail)
            await append(connection, self._site_id, [event if enrolled else _refused(event)])
            if enrolled:
                await connection.execute(sql("hold_templates"), [one.template_id for one in alike])
                rests_on = (patient_id, consent_id, pack_id)
                refs = await practitioner_refs_of(connection, self._site_id, by)
                template_id = await self._insert(connection, rests_on, plain, photos, refs, now)
                await _details(connection, template_id, agreements, alike, now)
        # Outside the transaction: that everybody was looked at stays on record.
        if alike and not anyway:
            raise _already_enrolled(patient_ref, alike)
        return tuple(one.patient_ref for one in alike)

    async def _alike(
        self, connection: Connection, newcomer: Newcomer, by: Actor, now: datetime
    ) -> list[LookAlike]:
        if newcomer.within <= 0.0:
            return []
        return await find_look_alikes(connection, self._vault, newcomer, by, now)

    async def _insert(
        self,
        connection: Connection,
        rests_on: tuple[UUID, UUID, str],
        plain: bytes,
        photos: int,
        enroller_refs: Sequence[str],
        now: datetime,
    ) -> UUID:
        """Put a template in a former one's place; `rests_on`: patient, consent, pack."""
        template_id, (patient_id, consent_id, pack_id) = uuid4(), rests_on
        await hold_current_key(connection, self._vault)
        key = self._vault.new_template_key(patient_id, template_id)
        place = SealedFor(patient_id, Purpose.TEMPLATE, template_id, pack_id)
        sealed = self._vault.seal(key, place, plain, own_key=True)
        refs = list(enroller_refs)
        row = (template_id, patient_id, consent_id, pack_id, sealed, photos, now, refs)
        await connection.execute(sql("delete_template"), patient_id, pack_id)
        await connection.execute(sql("insert_template"), *row)
        await connection.execute(sql("insert_template_key"), template_id, key)
        return template_id

    async def _enrollable(
        self, connection: Connection, patient_ref: str, consent_ref: str, by: Actor, now: datetime
    ) -> tuple[UUID, UUID]:
        """The patient's id, and that of the consent a template may rest on."""
        row = await connection.fetchrow(sql("patient_for_enrolment"), self._site_id, patient_ref)
        if row is None:
            raise InputError(
                f"patient {patient_ref}: is unknown at site {self._site_id}; "
                "import the patient first",
                code="unknown_patient",
            )
        patient_id: UUID = row["patient_id"]
        await refuse_own_patient(connection, self._site_id, by, patient_id, now)
        found = await connection.fetchrow(
            sql("active_consent"), patient_id, ConsentPurpose.CHECK_IN.value
        )
        consent = None
        if found is not None:
            consent = ConsentInForce(
                found["consent_id"],
                found["document_ref"],
                found["given_at"],
                found["expires_at"],
                found["guardian_id"] is not None,
            )
        patient = patient_from(row, (), self._vault)
        self._rules.refuse_enrolment(patient, consent, consent_ref, now)
        if consent is None:
            raise InputError(
                f"patient {patient_ref}: has no consent to check-in in force", code="no_consent"
            )
        return patient_id, consent.consent_id


def _attempt(by: Actor, now: datetime) -> AuditEvent:
    return AuditEvent(AuditKind.ENROLMENT, AuditAction.CREATE, by.name, now)


def _refused(event: AuditEvent) -> AuditEvent:
    return replace(event, outcome=AuditOutcome.MINOR_FAILURE, reason="looks-like-another")


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


def _already_enrolled(patient_ref: str, alike: Sequence[LookAlike]) -> LookAlikeError:
    names = ", ".join(f"{one.patient_ref} (distance {one.distance:.2f})" for one in alike)
    return LookAlikeError(
        f"patient {patient_ref}: this face may already be enrolled as {names}; if that is the same "
        "person, merge the two records in the hospital's system; if they are two, such as twins, "
        "enrol anyway: both then check in by code only",
        tuple(one.patient_ref for one in alike),
        command="by --anyway",
    )
