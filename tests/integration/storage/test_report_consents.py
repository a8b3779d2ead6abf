"""Who was enrolled on a day and who had declined, as a report reads it: against SQL of its own.

The report reads consents once for its period; here they are asked for each day anew.
"""

from datetime import date, datetime, timedelta
from random import Random
from uuid import UUID, uuid4

from streamer.domain.patient_facts import PatientFacts
from streamer.storage.local_day import LocalDay
from streamer.storage.report_patients import ReportPatients
from tests.integration.storage.clinic import PACK, SITE, ZONE, Clinic, patient

FIRST = date(2026, 11, 2)
DAYS = [LocalDay(FIRST + timedelta(days=number), ZONE) for number in range(5)]
# Before, at and within the days' ends, and long after them.
MOMENTS = [
    DAYS[0].start - timedelta(days=300),
    *(day.start for day in DAYS),
    *(day.start + timedelta(hours=9) for day in DAYS),
    DAYS[-1].end,
    DAYS[-1].end + timedelta(days=300),
]
PATIENTS = 60

CONSENT = """
    INSERT INTO consents (consent_id, patient_id, purpose, status, document_ref, given_at,
                          expires_at, withdrawn_at, ended_at, ended_reason)
    VALUES ($1, $2, $3, $4, 'C', $5, $6, $7, $8, $9)
"""
TEMPLATE = """
    INSERT INTO templates (template_id, patient_id, consent_id, pack_id, sealed_vector, photos,
                           created_at, enroller_refs)
    VALUES ($1, $2, $3, $4, '\\x00', 5, now(), '{}')
"""
ERASURE = """
    INSERT INTO erasures (erasure_id, patient_id, reason, erased_by, erased_at, templates,
                          renewed_key, backups_clean_by, site_id)
    VALUES ($1, $2, 'withdrawn', 'x', now(), $3, false, now(), $4)
"""
OF_A_DAY = """
    SELECT patient_id,
           NOT is_staff AND EXISTS (
               SELECT FROM consents c WHERE c.patient_id = p.patient_id AND purpose = 'check-in'
               AND status IN ('active', 'inactive') AND given_at <= $1
               AND coalesce(ended_at, withdrawn_at, expires_at, 'infinity') >= $2)
           AND (EXISTS (SELECT FROM templates t WHERE t.patient_id = p.patient_id)
                OR EXISTS (SELECT FROM erasures e
                           WHERE e.patient_id = p.patient_id AND templates > 0)) AS enrolled,
           EXISTS (
               SELECT FROM consents c WHERE c.patient_id = p.patient_id AND purpose = 'check-in'
               AND (status = 'rejected' OR status <> 'draft' AND ended_reason = 'withdrawn')
               AND coalesce(ended_at, withdrawn_at, expires_at, given_at) < $2) AS refused,
           EXISTS (
               SELECT FROM templates t JOIN look_alikes l
               ON t.template_id IN (l.template_id, l.other_id)
               WHERE t.patient_id = p.patient_id) AS alike
    FROM patients p
"""


async def test_as_of_each_day(clinic: Clinic) -> None:
    draw = Random(9)
    await clinic.import_patients(*(patient(number) for number in range(1, PATIENTS + 1)))
    templates: list[UUID] = []
    for number in range(1, PATIENTS + 1):
        await _history(clinic, number, draw, templates)
    await clinic.execute("UPDATE patients SET is_staff = true WHERE patient_ref IN ('P-3', 'P-4')")
    await clinic.execute(
        "INSERT INTO look_alikes (template_id, other_id, found_at) VALUES ($1, $2, now())",
        *templates[:2],
    )
    seen: set[tuple[bool, bool, bool]] = set()
    async with clinic.database.postgres.connection() as connection:
        span = (DAYS[0].start, DAYS[-1].end)
        reader = ReportPatients(connection, SITE.id, span)
        for day in DAYS:
            rows = await connection.fetch(OF_A_DAY, day.start, day.end)
            found = await reader.of_day([row["patient_id"] for row in rows], day, {})
            told = {key: _told(one) for key, one in found.items()}
            assert told == {
                row["patient_id"]: (
                    row["enrolled"],
                    row["refused"] and not row["enrolled"],
                    row["alike"],
                )
                for row in rows
            }
            seen.update(told.values())
    # Every case was among them, and some changed from day to day.
    assert {one[:2] for one in seen} == {(True, False), (False, True), (False, False)}
    assert any(alike for _, _, alike in seen)


async def _history(clinic: Clinic, number: int, draw: Random, templates: list[UUID]) -> None:
    """Up to three consents of all kinds, and perhaps a template, or the receipt of one."""
    patient_id = (
        await clinic.row("SELECT patient_id FROM patients WHERE patient_ref = $1", f"P-{number}")
    )[0]
    active = enrolled = False
    for _ in range(draw.randrange(4)):
        consent_id, given = uuid4(), draw.choice(MOMENTS[:-1])
        status = draw.choice(["active", "inactive", "inactive", "rejected", "draft"])
        if status == "active" and active:
            status = "inactive"
        active = active or status == "active"
        purpose = draw.choice(["check-in", "check-in", "check-in", "payer-evidence"])
        later = [one for one in MOMENTS if one > given]
        ends: list[datetime | None] = [None, *later]
        ended = None if status == "active" else draw.choice(ends)
        withdrawn = None if status == "active" else draw.choice(ends)
        reason = draw.choice([None, "withdrawn", "expired"]) if ended is not None else None
        await clinic.execute(
            CONSENT, consent_id, patient_id, purpose, status, given, draw.choice(ends), withdrawn,
            ended, reason,
        )  # fmt: skip
        if not enrolled and draw.random() < 0.5:
            enrolled = True
            templates.append(uuid4())
            await clinic.execute(TEMPLATE, templates[-1], patient_id, consent_id, PACK)
        elif draw.random() < 0.3:
            await clinic.execute(ERASURE, uuid4(), patient_id, draw.choice([0, 1]), SITE.id)


def _told(one: PatientFacts) -> tuple[bool, bool, bool]:
    return one.enrolled, one.declined, one.code_only
