"""Writes a made-up period into a throwaway database, row by row as no import could.

Only patients whose sex or birth date somebody will ask about have a profile that opens; of all
others rows are there, and nothing sealed.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from streamer.bench.reports.made_period import MadePeriod, Maker
from streamer.crypto.vault import Vault
from streamer.domain.check_in import EvidenceGrade
from streamer.domain.patient import Patient
from streamer.domain.patient_facts import PatientFacts
from streamer.domain.visit_evidence import EvidenceSource, VisitEvidence
from streamer.storage.database import Database
from streamer.storage.postgres import write_rows
from streamer.storage.profile import place_of_profile, profile_bytes

_LIMIT_S: Final = 300.0
_PORTION: Final = 10_000
_SLOT: Final = timedelta(minutes=20)
_BILLED_AFTER: Final = timedelta(days=30)


async def write_period(database: Database, site_id: str, maker: Maker) -> None:
    """Write everything, some thousands of rows in a transaction; raises DatabaseError."""
    await write_visits(database, site_id, maker)
    await write_claims(database, site_id, maker.period)


async def write_visits(database: Database, site_id: str, maker: Maker) -> None:
    """Write everything but the claims.

    Raises:
        DatabaseError: It cannot be written.
    """
    period = maker.period
    begin = min(one.started_at for one in period.uptime) - timedelta(days=365)
    refs = sorted(
        {one.practitioner_ref for one in period.appointments}
        | {one.service.practitioner_ref for one in period.claims}
    )
    practitioners = {ref: maker.new_id() for ref in refs}
    # Confirmations name an appointment by its reference.
    names = {one.appointment_id: one.appointment_ref for one in period.appointments}
    patients = list(period.patients.values())
    tables: tuple[tuple[str, list[tuple[object, ...]]], ...] = (
        (
            "INSERT INTO practitioners VALUES ($1, $2, $3, $4)",
            [(practitioners[ref], site_id, ref, f"Dr {ref}") for ref in refs],
        ),
        (
            "INSERT INTO patients (patient_id, site_id, patient_ref, wrapped_key, sealed_profile,"
            " is_staff, created_at, updated_at, attached_from, attached_to, deceased_on)"
            " VALUES ($1, $2, $3, $4, $5, false, $6, $6, $7, $8, $9)",
            [_patient(one, site_id, database.vault, begin) for one in patients],
        ),
        (
            "INSERT INTO consents (consent_id, site_id, patient_id, purpose, status, document_ref,"
            " given_at) VALUES ($1, $2, $1, 'check-in', 'active', 'bench', $3)",
            [(one.patient_id, site_id, begin) for one in patients if one.enrolled],
        ),
        (
            "INSERT INTO consents (consent_id, site_id, patient_id, purpose, status, document_ref,"
            " given_at, ended_at, ended_by, ended_reason) VALUES"
            " ($1, $2, $1, 'check-in', 'inactive', 'bench', $3, $3, 'bench', 'withdrawn')",
            [(one.patient_id, site_id, begin) for one in patients if one.declined],
        ),
        (
            "INSERT INTO templates (template_id, site_id, patient_id, consent_id, pack_id,"
            " sealed_vector, photos, created_at) VALUES ($1, $2, $1, $1, 'bench', '', 1, $3)",
            [(one.patient_id, site_id, begin) for one in patients if one.enrolled],
        ),
        (
            "INSERT INTO appointments (appointment_id, site_id, appointment_ref, patient_id,"
            " practitioner_id, service_code, service_name, starts_at, ends_at, status,"
            " status_changed_at, department, building, place, walk_in, recorded_at)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
            [
                (
                    one.appointment_id, site_id, one.appointment_ref, one.patient_id,
                    practitioners[one.practitioner_ref], one.service_code, one.service_name,
                    one.starts_at, one.starts_at + _SLOT, one.status.value, one.starts_at,
                    one.department, one.building, one.place.value, False, one.recorded_at,
                )
                for one in period.appointments
            ],
        ),
        (
            "INSERT INTO check_ins (event_id, site_id, appointment_id, patient_id, method,"
            " evidence, occurred_at, camera_id, decided_by, note)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'bench')",
            [
                (
                    one.source_id, site_id, one.appointment_id, one.patient_id, _method(one),
                    one.grade.value, one.occurred_at, one.camera_id,
                    "own" if one.produced_by else None,
                )
                for one in _of(period, EvidenceSource.CHECK_IN)
            ],
        ),
        (
            "INSERT INTO presences (presence_id, site_id, patient_id, appointment_id, flag, method,"
            " evidence, occurred_at, building, camera_id)"
            " VALUES ($1, $2, $3, $4, 'late', $5, $6, $7, $8, $9)",
            [
                (
                    one.source_id, site_id, one.patient_id, one.appointment_id, _method(one),
                    one.grade.value, one.occurred_at, one.building, one.camera_id,
                )
                for one in _of(period, EvidenceSource.PRESENCE)
            ],
        ),
        (
            "INSERT INTO confirmations (confirmation_id, site_id, confirmation_ref, patient_id,"
            " method, confirmed_at, appointment_ref, building)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            [
                (
                    one.source_id, site_id, str(one.source_id), one.patient_id,
                    "face_id" if one.grade is EvidenceGrade.FACE else "egov", one.occurred_at,
                    None if one.appointment_id is None else names[one.appointment_id], one.building,
                )
                for one in _of(period, EvidenceSource.CONFIRMATION)
            ],
        ),
        (
            "INSERT INTO reviews (review_id, patient_id, site_id, lead, appointment_ids, reason,"
            " decision, decided_by, captured_at, decided_at, method, evidence)"
            " VALUES ($1, $2, $3, true, $4, 'bench', 'expired', 'kirdi', $5, $5, 'code', 'code')",
            [
                (maker.new_id(), one.patient_id, site_id, [one.appointment_id], one.starts_at)
                for one in period.appointments
                if one.appointment_id in period.unlooked
            ],
        ),
        (
            "INSERT INTO camera_uptime (site_id, camera_id, state, reason, started_at,"
            " last_seen_at, ended_at) VALUES ($1, $2, $3, $4, $5, $6, $6)",
            [
                (site_id, one.camera_id, one.status.value, one.reason, one.started_at, one.ended_at)
                for one in period.uptime
            ],
        ),
    )  # fmt: skip
    await _write(database, tables)
    await _analyse(database, "")


async def write_claims(database: Database, site_id: str, period: MadePeriod) -> None:
    """Write what was billed in a period whose visits are written.

    Raises:
        DatabaseError: It cannot be written.
    """
    async with database.postgres.connection() as connection:
        found = await connection.fetch(
            "SELECT practitioner_ref, practitioner_id FROM practitioners"
        )
    practitioners = dict(map(tuple, found))
    statement = (
        "INSERT INTO claims (claim_id, site_id, claim_ref, appointment_ref, patient_id,"
        " practitioner_id, service_code, service_name, performed_at, amount, currency,"
        " time_precision, payer, quantity, recorded_at, place)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 1, $14, $15)"
    )
    rows: list[tuple[object, ...]] = [
        (
            one.claim_id, site_id, one.service.claim_ref, one.service.appointment_ref,
            one.patient_id, practitioners[one.service.practitioner_ref],
            one.service.service_code, one.service.service_name, one.service.performed_at,
            one.service.amount, one.service.currency, one.service.time_precision.value,
            one.service.payer, one.service.performed_at + _BILLED_AFTER,
            None if one.service.place is None else one.service.place.value,
        )
        for one in period.claims
    ]  # fmt: skip
    await _write(database, [(statement, rows)])
    await _analyse(database, "claims")


async def _write(
    database: Database, tables: Iterable[tuple[str, list[tuple[object, ...]]]]
) -> None:
    for statement, rows in tables:
        for start in range(0, len(rows), _PORTION):
            async with database.postgres.transaction() as connection:
                await write_rows(connection, statement, rows[start : start + _PORTION])


async def _analyse(database: Database, table: str) -> None:
    """Have the planner know how much there is, as it would after a night; no table = of all."""
    async with database.postgres.connection() as connection:
        await connection.execute(f"ANALYZE {table}", timeout=_LIMIT_S)


def _patient(one: PatientFacts, site_id: str, vault: Vault, begin: datetime) -> tuple[object, ...]:
    key = sealed = b""
    if one.sex is not None:
        key = vault.new_data_key(one.patient_id)
        profile = Patient(one.patient_ref, "Nobody", sex=one.sex, birth_date=one.birth_date)
        sealed = vault.seal(key, place_of_profile(one.patient_id), profile_bytes(profile))
    return (
        one.patient_id,
        site_id,
        one.patient_ref,
        key,
        sealed,
        begin,
        one.attached_from,
        one.attached_to,
        one.deceased_on,
    )


def _of(period: MadePeriod, source: EvidenceSource) -> Sequence[VisitEvidence]:
    return [one for one in period.evidence if one.source is source]


def _method(one: VisitEvidence) -> str:
    if one.grade is EvidenceGrade.DESK_CODE:
        return "qr"
    return one.grade.value
