"""A database with a row of everything, its owner, and a neighbour; the fixtures are the folder's.

The rows are written by the service of SITE. Then its login is given another site, and SITE is a
neighbour's: nothing of it is to be seen, changed or stood in the way of.
"""

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from config.settings import Database as Limits
from config.settings import Site
from streamer.domain.audit_event import AuditAction, AuditEvent, AuditKind
from streamer.storage.audit import append
from streamer.storage.database import open_database
from streamer.storage.database_role import DatabaseRole
from streamer.storage.site_logins import serve_site
from tests.fakes.clock import FakeClock
from tests.integration.storage.clinic import CHECK_IN, HOUR, NOW, SITE, Clinic, consent, patient
from tests.servers import as_role

OTHER = Site(id="other-1", name="Another clinic")
REPORT = UUID(int=17)
# Of no site: the version, facts about the key, and texts of forms, which hold no personal data.
SHARED = {
    "alembic_version",
    "meta",
    "consent_texts",
    "site_logins",
    # Of the key-encryption key, which is the whole database's.
    "wrapping_keys",
    "site_secrets",
    "key_rotations",
}
DENIED = (asyncpg.InsufficientPrivilegeError,)


async def connect(url: str, site_id: str | None = SITE.id) -> asyncpg.Connection:
    settings = {} if site_id is None else {"kirdi.site": site_id}
    return await asyncpg.connect(url, server_settings=settings)


@pytest.fixture
async def owner(clinic_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await connect(as_role(clinic_url, DatabaseRole.OWNER))
    yield connection
    await connection.close()


@pytest.fixture
async def filled(clinic_url: str, owner: asyncpg.Connection, tmp_path: Path) -> str:
    """A row in every table of before the jobs; the URL as the service."""
    async with open_database(clinic_url, Limits(), SITE, tmp_path / "key") as database:
        clinic = Clinic(database, FakeClock(NOW))
        for number in (1, 2):
            await clinic.expect(number)
        proposal = await clinic.proposal(1)
        await clinic.check_ins().record(proposal)
        await clinic.import_patients(patient(3), patient(4))
        await clinic.consent(consent("P-3"))
        await clinic.consents().withdraw("P-3", (CHECK_IN,), by=actor(), now=NOW)
        async with database.postgres.transaction() as connection:
            event = AuditEvent(AuditKind.UNDO, AuditAction.UPDATE, "aigul", NOW)
            await append(connection, SITE.id, [event])
    ids = {
        row["patient_ref"]: row["patient_id"]
        for row in await owner.fetch("SELECT patient_ref, patient_id FROM patients")
    }
    first, second = await owner.fetch("SELECT template_id FROM templates ORDER BY template_id")
    one, visit = ids["P-1"], proposal.appointment_id
    for statement, *values in (
        ("INSERT INTO guardians (patient_id, guardian_id) VALUES ($1, $2)", one, ids["P-2"]),
        (
            "INSERT INTO look_alikes (template_id, other_id, found_at) VALUES ($1, $2, $3)",
            *(first["template_id"], second["template_id"], NOW),
        ),
        (
            "INSERT INTO photo_agreements (template_id, photo, distance, score) "
            "VALUES ($1, 1, 0.5, 0.5)",
            first["template_id"],
        ),
        (
            "INSERT INTO camera_uptime (site_id, camera_id, state, reason, started_at, "
            "last_seen_at) VALUES ($1, 'lobby', 'up', '', $2, $2)",
            *(SITE.id, NOW),
        ),
        (
            "INSERT INTO reviews (review_id, patient_id, site_id, lead, appointment_ids, "
            "camera_id, reason, band, score, threshold, pack_id, decision, decided_by, "
            "captured_at, decided_at) VALUES ($1, $2, $3, true, '{}', 'lobby', 'doubt', 'review', "
            "0.5, 0.6, 'open', 'rejected', 'aigul', $4, $4)",
            *(uuid4(), one, SITE.id, NOW),
        ),
        (
            "INSERT INTO site_calibrations (calibration_id, site_id, pack_id, made_at, made_by, "
            "figures, accept_fpir, patients, impostor_pairs, decided_reviews, wrong_reviews, "
            "impostor_tail) VALUES ($1, $2, 'open', $3, 'aigul', '', 0.001, 2, 2, 1, 0, '[]')",
            *(uuid4(), SITE.id, NOW),
        ),
        (
            "INSERT INTO match_counts VALUES ($1, $2, 'lobby', 'open', 1, 1, 1, 1, 1)",
            *(SITE.id, date(2026, 3, 2)),
        ),
        (
            "INSERT INTO reports VALUES ($1, $2, 'day', $3, $3, $4)",
            *(REPORT, SITE.id, date(2026, 3, 2), NOW),
        ),
        (
            "INSERT INTO report_revisions VALUES ($1, $2, 1, 'final', $3, 'nina', sha256('a'), "
            "sha256('b'), 1, 1, 0, 0, '{}', 'h', sha256('c'))",
            *(SITE.id, REPORT, NOW),
        ),
        (
            "INSERT INTO report_days VALUES ($1, $2, 1, $3, 0, 'rows')",
            *(SITE.id, REPORT, date(2026, 3, 2)),
        ),
        (
            "INSERT INTO report_replies (reply_id, site_id, report_id, kind, ref, patient_id, "
            "practitioner_ref, visit_at, sealed_answer, written_by, written_at, state) "
            "VALUES ($1, $2, $3, 'appointment', 'A-1', $4, 'D-1', $5, 'sealed', 'aigul', $5, "
            "'waiting')",
            *(uuid4(), SITE.id, REPORT, one, NOW),
        ),
        (
            "INSERT INTO report_deliveries (delivery_id, site_id, report_id, number, schedule, "
            "destination, forms, language, state, created_at, next_try_at) "
            "VALUES ($1, $2, $3, 1, 'weekly', 'archive', '{pdf}', 'kk', 'waiting', $4, $4)",
            *(uuid4(), SITE.id, REPORT, NOW),
        ),
        (
            "INSERT INTO report_schedules (site_id, schedule_id, kind, cron, forms, language, "
            "destinations, every_revision, paused, changed_by, changed_at) VALUES ($1, 'weekly', "
            "'week', '30 6 * * mon', '{pdf}', 'kk', '{archive}', false, false, 'nina', $2)",
            *(SITE.id, NOW),
        ),
        (
            "INSERT INTO template_reads (site_id, read_at, purpose, patient_id, pack_id, templates,"
            " alike) VALUES ($1, $2, 'enrolment', $3, 'open', 1, '{}')",
            *(SITE.id, NOW, one),
        ),
        (
            "INSERT INTO presences (presence_id, site_id, patient_id, flag, method, evidence, "
            "occurred_at) VALUES ($1, $2, $3, 'late', 'face', 'face', $4)",
            *(uuid4(), SITE.id, one, NOW),
        ),
        (
            "INSERT INTO face_blocks VALUES ($1, $2, $3, 0.5, $4, 'aigul')",
            *(one, date(2026, 3, 2), SITE.id, NOW),
        ),
        (
            "INSERT INTO codes (code_id, site_id, patient_id, appointment_id, kind, grade, "
            "code_hash, issued_at, issued_by, expires_at) "
            "VALUES ($1, $2, $3, $4, 'digits', 'code', $5, $6, 'aigul', $7)",
            *(uuid4(), SITE.id, one, visit, bytes(32), NOW, NOW + HOUR),
        ),
        (
            "INSERT INTO attempts VALUES ($1, 'device', 'desk-1', 1, $2, 1, $3, $3)",
            *(SITE.id, date(2026, 3, 2), NOW),
        ),
        (
            "INSERT INTO accounts (account_id, site_id, name, roles, created_at, created_by) "
            "VALUES ($1, $2, 'aigul', '{reception}', $3, 'root')",
            *(one, SITE.id, NOW),
        ),
        (
            "INSERT INTO web_sessions VALUES ($1, $2, $3, 'password', $4, $4, $5)",
            *(bytes(32), SITE.id, one, NOW, NOW + HOUR),
        ),
        (
            "INSERT INTO api_tokens (token_id, token_hash, site_id, account_id, name, scopes, "
            "created_at, created_by, expires_at) "
            "VALUES ($1, $2, $3, $4, 'lab', '{codes:write}', $5, 'root', $6)",
            *(uuid4(), bytes(32), SITE.id, one, NOW, NOW + HOUR),
        ),
        (
            "INSERT INTO sign_in_attempts VALUES ($1, 'pair', $2, 1, $3, $3)",
            *(SITE.id, bytes(32), NOW),
        ),
        ("INSERT INTO sign_in_places VALUES ($1, $2, $3, $4)", one, SITE.id, bytes(32), NOW),
        (
            "INSERT INTO idempotency_keys (site_id, account, key_hash, request_hash, claim, "
            "claimed_until, expires_at) VALUES ($1, 'aigul', $2, $2, $3, $4, $4)",
            *(SITE.id, bytes(32), uuid4(), NOW),
        ),
    ):
        await owner.execute(statement, *values)
    return clinic_url


def actor() -> Any:
    from streamer.domain.actor import SERVICE

    return SERVICE


@pytest.fixture
async def neighbour(filled: str, owner: asyncpg.Connection) -> AsyncIterator[asyncpg.Connection]:
    """The service of OTHER, in a database that is full of SITE's rows."""
    await owner.execute("DELETE FROM site_logins")
    owner_url = as_role(filled, DatabaseRole.OWNER)
    await serve_site(owner_url, OTHER, {DatabaseRole.SERVICE: filled})
    connection = await connect(filled, OTHER.id)
    assert await connection.fetchval("SELECT kirdi_site()") == OTHER.id
    yield connection
    await connection.close()


async def tables_of(owner: asyncpg.Connection) -> list[str]:
    rows = await owner.fetch(
        "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') "
        "AND relnamespace = 'public'::regnamespace ORDER BY relname"
    )
    return [row["relname"] for row in rows]


async def quietly(session: asyncpg.Connection, statement: str) -> str | None:
    """What was done; None where it is refused."""
    try:
        return str(await session.execute(statement))
    except DENIED:
        return None
