"""Who may do what in the database: the catalog is walked, so that a new table has to say it, too.

The rows are written by the service of SITE. Then its login is given another site, and SITE is a
neighbour's: nothing of it is to be seen, changed or stood in the way of.
"""

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from config.settings import Database as Limits
from config.settings import Site
from streamer.domain.audit_event import AuditAction, AuditEvent, AuditKind
from streamer.errors import DatabaseError
from streamer.storage.audit import append
from streamer.storage.database import open_database, open_postgres
from streamer.storage.database_role import DatabaseRole
from streamer.storage.postgres import Postgres
from streamer.storage.site_logins import is_ready, serve_site
from tests.fakes.clock import FakeClock
from tests.integration.storage.clinic import CHECK_IN, HOUR, NOW, SITE, Clinic, consent, patient
from tests.servers import as_role, login_name

OTHER = Site(id="other-1", name="Another clinic")

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
OWNERS_ONLY = {"site_logins"}
ONLY_ADDED = {
    "audit_events",
    "audit_inbox",
    "audit_lanes",
    "erasures",
    "reviews",
    "status_changes",
    "template_reads",
}
# Bytes that anybody may see: what proves the audit and the texts.
PROOFS = {"hash", "head", "base_hash", "sha256"}
# Written by nothing that the tests of this file do; the walk looks at their policies all the same.
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
        await clinic.consents().withdraw("P-3", (CHECK_IN,), by=_actor(), now=NOW)
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


def _actor() -> Any:
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


# What the catalog says


async def test_every_table_is_guarded_by_site_and_granted(owner: asyncpg.Connection) -> None:
    for table in await tables_of(owner):
        row = await owner.fetchrow(
            "SELECT relrowsecurity AND relforcerowsecurity AS forced, "
            "       pg_get_userbyid(relowner) AS owner, "
            "       EXISTS (SELECT FROM pg_attribute WHERE attrelid = c.oid "
            "               AND attname = 'site_id' AND attnotnull) AS of_a_site, "
            "       (SELECT array_agg(coalesce(qual, '') || coalesce(with_check, '')) "
            "        FROM pg_policies p WHERE p.tablename = c.relname AND cmd = 'ALL' "
            "        AND permissive = 'PERMISSIVE' AND policyname <> 'kirdi_tests') AS policies "
            "FROM pg_class c WHERE oid = to_regclass($1)",
            table,
        )
        assert row is not None
        assert row["owner"] == "kirdi_owner", table
        if table not in SHARED:
            assert row["of_a_site"], f"{table}: give it site_id text NOT NULL, or name it in SHARED"
            assert row["forced"], f"{table}: call kirdi_protect for it"
            (policy,) = row["policies"]
            assert policy.count("(site_id = ( SELECT kirdi_site()") == 2, table
        granted = await owner.fetchval(
            "SELECT has_any_column_privilege('kirdi_service', to_regclass($1), 'SELECT, INSERT')",
            table,
        )
        assert granted == (table not in OWNERS_ONLY), f"{table}: grant what the service needs"


async def test_nothing_is_given_to_everybody(owner: asyncpg.Connection) -> None:
    given = await owner.fetch(
        "SELECT 'table ' || relname AS what FROM pg_class, aclexplode(relacl) AS acl "
        "WHERE relnamespace = 'public'::regnamespace AND acl.grantee = 0 "
        "UNION ALL SELECT 'column ' || attname FROM pg_attribute, aclexplode(attacl) AS acl "
        "WHERE acl.grantee = 0 AND attrelid IN "
        "    (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace) "
        "UNION ALL SELECT 'function ' || proname FROM pg_proc, "
        "    aclexplode(coalesce(proacl, acldefault('f', proowner))) AS acl "
        "WHERE pronamespace = 'public'::regnamespace AND acl.grantee = 0 "
        "UNION ALL SELECT 'schema' FROM pg_namespace, aclexplode(nspacl) AS acl "
        "WHERE nspname = 'public' AND acl.grantee = 0 "
        "UNION ALL SELECT 'database' FROM pg_database, aclexplode(datacl) AS acl "
        "WHERE datname = current_database() AND acl.grantee = 0"
    )
    assert [row["what"] for row in given] == []


async def test_functions_with_the_owners_rights_search_nowhere_else(
    owner: asyncpg.Connection,
) -> None:
    rows = await owner.fetch(
        "SELECT proname, proconfig FROM pg_proc "
        "WHERE pronamespace = 'public'::regnamespace AND prosecdef"
    )
    assert {"kirdi_site", "kirdi_audit_link"} < {row["proname"] for row in rows}
    for row in rows:
        assert "search_path=public, pg_temp" in (row["proconfig"] or ()), row["proname"]


async def test_what_is_only_added_to_stays(owner: asyncpg.Connection) -> None:
    for table in ONLY_ADDED & set(await tables_of(owner)):
        changed = await owner.fetchval(
            "SELECT has_any_column_privilege('kirdi_service', to_regclass($1), 'UPDATE') "
            "OR has_table_privilege('kirdi_service', to_regclass($1), 'DELETE, TRUNCATE')",
            table,
        )
        assert not changed, table
    for table in await tables_of(owner):
        for role in ("kirdi_service", "kirdi_retention", "kirdi_auditor"):
            more = (
                "SELECT has_table_privilege($2, to_regclass($1), 'TRUNCATE, REFERENCES, TRIGGER')"
            )
            assert not await owner.fetchval(more, table, role), (table, role)


async def test_the_others_see_nothing_sealed_and_the_auditor_only_looks(
    owner: asyncpg.Connection,
) -> None:
    columns = await owner.fetch(
        "SELECT attrelid::regclass::text AS name, attname, atttypid::regtype::text AS type "
        "FROM pg_attribute JOIN pg_class c ON c.oid = attrelid "
        "WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND attnum > 0 "
        "AND NOT attisdropped"
    )
    secret = [
        row
        for row in columns
        if (row["type"] == "bytea" and row["attname"] not in PROOFS)
        or row["attname"].startswith("sealed")
        or row["attname"] == "password_hash"
    ]
    assert len(secret) >= 6
    for row in secret:
        for role in ("kirdi_retention", "kirdi_auditor"):
            seen = "SELECT has_column_privilege($3, $1, $2, 'SELECT')"
            where = (row["name"], row["attname"])
            assert not await owner.fetchval(seen, *where, role), (*where, role)
    for table in await tables_of(owner):
        written = await owner.fetchval(
            "SELECT has_any_column_privilege('kirdi_auditor', to_regclass($1), 'INSERT, UPDATE') "
            "OR has_table_privilege('kirdi_auditor', to_regclass($1), 'DELETE')",
            table,
        )
        assert not written, table


# What sessions find


async def test_a_neighbour_sees_and_changes_nothing(
    neighbour: asyncpg.Connection, owner: asyncpg.Connection
) -> None:
    empty = {"audit_inbox"}
    for table in await tables_of(owner):
        if table in SHARED:
            continue
        row = await owner.fetchrow(f"SELECT * FROM {table} WHERE site_id = $1 LIMIT 1", SITE.id)
        before = await owner.fetchval(f"SELECT count(*) FROM {table}")
        # Tables of later revisions are looked at as far as they hold something here.
        assert row is not None or table in empty or table not in _FILLED, table
        await attack(neighbour, table, row)
        await neighbour.execute(f"SET kirdi.site = '{SITE.id}'")
        await attack(neighbour, table, row)
        await neighbour.execute(f"SET kirdi.site = '{OTHER.id}'")
        assert await owner.fetchval(f"SELECT count(*) FROM {table}") == before, table


_FILLED = {
    "accounts",
    "api_tokens",
    "appointments",
    "attempts",
    "audit_events",
    "audit_lanes",
    "camera_uptime",
    "check_ins",
    "codes",
    "consents",
    "erasures",
    "face_blocks",
    "guardians",
    "idempotency_keys",
    "look_alikes",
    "match_counts",
    "patients",
    "photo_agreements",
    "practitioners",
    "presences",
    "reviews",
    "sign_in_attempts",
    "sign_in_places",
    "site_calibrations",
    "sites",
    "status_changes",
    "template_keys",
    "template_reads",
    "templates",
    "web_sessions",
}


async def attack(session: asyncpg.Connection, table: str, row: asyncpg.Record | None) -> None:
    """Read, change, delete and add what is SITE's; nothing of it may succeed."""
    assert (
        await quietly(session, f"SELECT 1 FROM {table} WHERE site_id = '{SITE.id}'") == "SELECT 0"
    )
    columns = await session.fetch(
        "SELECT attname, attidentity <> '' AS counted FROM pg_attribute "
        "WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped "
        "AND attgenerated = ''",
        table,
    )
    for column in columns:
        name = column["attname"]
        if column["counted"]:
            continue
        done = await quietly(session, f"UPDATE {table} SET {name} = {name}")
        assert done in (None, "UPDATE 0") or table == "sites", (table, name, done)
    done = await quietly(session, f"UPDATE {table} SET site_id = '{OTHER.id}'")
    assert done in (None, "UPDATE 0", "UPDATE 1"), (table, done)
    assert await quietly(session, f"DELETE FROM {table} WHERE true") in (None, "DELETE 0"), table
    assert await quietly(session, f"TRUNCATE {table} CASCADE") is None, table
    if row is not None:
        names = [column["attname"] for column in columns]
        places = ", ".join(f"${number}" for number in range(1, len(names) + 1))
        with pytest.raises(DENIED):
            await session.execute(
                f"INSERT INTO {table} ({', '.join(names)}) OVERRIDING SYSTEM VALUE "
                f"VALUES ({places})",
                *(row[name] for name in names),
            )


async def quietly(session: asyncpg.Connection, statement: str) -> str | None:
    """What was done; None where it is refused."""
    try:
        return str(await session.execute(statement))
    except DENIED:
        return None


async def test_without_a_site_nothing_is_there(filled: str, owner: asyncpg.Connection) -> None:
    for site_id in (None, "", OTHER.id):
        session = await connect(filled, site_id)
        for table in await tables_of(owner):
            if table not in SHARED:
                assert await quietly(session, f"SELECT 1 FROM {table}") == "SELECT 0", table
        with pytest.raises(DENIED):
            await session.execute(
                "INSERT INTO practitioners VALUES ($1, $2, 'D-9', 'x')", uuid4(), SITE.id
            )
        await session.close()


async def test_no_row_refers_to_a_neighbours(
    neighbour: asyncpg.Connection, owner: asyncpg.Connection
) -> None:
    """Or it would stand in the way there: one check-in at a time is in force."""
    visit = await owner.fetchrow("SELECT appointment_id, patient_id FROM appointments LIMIT 1")
    assert visit is not None
    statement = (
        "INSERT INTO check_ins (event_id, site_id, appointment_id, patient_id, method, evidence, "
        "occurred_at) VALUES ($1, $2, $3, $4, 'face', 'face', $5)"
    )
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await neighbour.execute(statement, uuid4(), OTHER.id, *visit, NOW)
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await neighbour.execute(
            "INSERT INTO face_blocks VALUES ($1, $2, $3, 0, $4, 'x')",
            *(visit["patient_id"], date(2026, 3, 2), OTHER.id, NOW),
        )


async def test_the_owner_is_no_exception(filled: str, owner: asyncpg.Connection) -> None:
    guarded = [table for table in await tables_of(owner) if table not in SHARED]
    for table in guarded:
        await owner.execute(f"DROP POLICY IF EXISTS kirdi_tests ON {table}")
    session = await connect(as_role(filled, DatabaseRole.OWNER), None)
    for table in guarded:
        assert await session.fetch(f"SELECT 1 FROM {table}") == [], table
        assert await quietly(session, f"DELETE FROM {table}") in (None, "DELETE 0"), table
    await session.execute(f"SET kirdi.site = '{SITE.id}'")
    assert await session.fetchval("SELECT count(*) FROM patients") == 4
    await session.close()


ESCAPES = (
    "SET ROLE kirdi_owner",
    "SET ROLE kirdi_retention",
    "SET ROLE kirdi_auditor",
    "SET ROLE kirdi",
    "SET ROLE postgres",
    "SET SESSION AUTHORIZATION kirdi_owner",
    "SET SESSION AUTHORIZATION postgres",
    "SET session_replication_role = replica",
    "ALTER TABLE patients DISABLE ROW LEVEL SECURITY",
    "ALTER TABLE patients NO FORCE ROW LEVEL SECURITY",
    "ALTER TABLE audit_inbox DISABLE TRIGGER ALL",
    "ALTER TABLE consents DISABLE TRIGGER USER",
    "DROP POLICY kirdi_site ON patients",
    "CREATE POLICY mine ON patients USING (true)",
    "DROP TRIGGER kirdi_audit_link ON audit_inbox",
    "INSERT INTO site_logins VALUES (session_user, 'test-1')",
    "SELECT * FROM site_logins",
    "UPDATE alembic_version SET version_num = '0001'",
    "DELETE FROM meta",
    "INSERT INTO sites VALUES ('mine', 'x', 'UTC')",
    "SELECT kirdi_protect('patients')",
    "ALTER FUNCTION kirdi_site() SECURITY INVOKER",
    "CREATE OR REPLACE FUNCTION kirdi_site() RETURNS text LANGUAGE sql AS 'SELECT ''test-1'''",
    "GRANT kirdi_owner TO kirdi_service",
    "ALTER ROLE kirdi_service BYPASSRLS",
    "ALTER ROLE kirdi_service SUPERUSER",
    "CREATE ROLE mine LOGIN",
    "CREATE TABLE mine (n int)",
    "CREATE TABLE public.mine AS SELECT 1",
    "CREATE TEMP TABLE audit_lanes (n int)",
    "CREATE SCHEMA mine",
    "CREATE VIEW mine AS SELECT 1",
    "CREATE SEQUENCE mine",
    "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE EXTENSION dblink",
    "CREATE EXTENSION postgres_fdw",
    "CREATE PUBLICATION mine FOR ALL TABLES",
    "CREATE DATABASE mine",
    "SELECT nextval('audit_inbox_entry_id_seq')",
    "SELECT setval('audit_inbox_entry_id_seq', 1)",
    "SELECT pg_read_file('postgresql.conf')",
    "SELECT pg_ls_dir('.')",
    "SELECT pg_ls_waldir()",
    "SELECT pg_switch_wal()",
    "SELECT lo_import('/etc/passwd')",
    "SELECT lo_export(1, '/tmp/kirdi')",
    "COPY patients TO '/tmp/kirdi'",
    "COPY patients FROM '/etc/passwd'",
    "COPY (SELECT 1) TO PROGRAM 'true'",
    "CHECKPOINT",
    "ALTER SYSTEM SET wal_recycle = on",
    "SELECT pg_reload_conf()",
    "SELECT rolpassword FROM pg_authid",
    "SELECT kirdi_audit_link()",
)


@pytest.mark.parametrize(
    "role", [DatabaseRole.SERVICE, DatabaseRole.RETENTION, DatabaseRole.AUDITOR]
)
async def test_a_session_stays_what_it_is(clinic_url: str, role: DatabaseRole) -> None:
    session = await connect(as_role(clinic_url, role))
    reached = []
    for statement in ESCAPES:
        if f"SET ROLE {role}" == statement:
            continue
        try:
            await session.execute(statement)
        except (asyncpg.PostgresSyntaxError, asyncpg.UndefinedTableError):
            raise
        except asyncpg.PostgresError as error:
            if not isinstance(error, (*DENIED, asyncpg.FeatureNotSupportedError)):
                reached.append((statement, type(error).__name__))
        else:
            reached.append((statement, "done"))
    await session.execute("RESET ROLE; SET ROLE NONE; RESET SESSION AUTHORIZATION; RESET ALL")
    assert await session.fetchval("SELECT current_user = $1::name", role.value) is True
    await session.close()
    assert reached == []


async def test_row_security_can_only_be_asked_to_fail(filled: str) -> None:
    session = await connect(filled)
    await session.execute("SET row_security = off")
    with pytest.raises(DENIED):
        await session.fetch("SELECT * FROM patients")
    await session.close()


async def test_whose_a_session_or_token_is_stays(filled: str) -> None:
    session = await connect(filled)
    for statement in (
        "UPDATE web_sessions SET account_id = account_id",
        "UPDATE web_sessions SET expires_at = 'infinity'",
        "UPDATE api_tokens SET account_id = account_id",
        "UPDATE api_tokens SET scopes = '{patients:read}'",
        "UPDATE api_tokens SET expires_at = 'infinity'",
        "UPDATE accounts SET name = 'boss'",
        "DELETE FROM accounts",
        "DELETE FROM api_tokens",
        "UPDATE sign_in_places SET place = place",
    ):
        with pytest.raises(DENIED):
            await session.execute(statement)
    await session.close()


async def test_retention_deletes_what_has_a_term_and_nothing_else(
    filled: str, owner: asyncpg.Connection
) -> None:
    session = await connect(as_role(filled, DatabaseRole.RETENTION))
    for table in ("codes", "presences", "attempts"):
        assert await session.execute(f"DELETE FROM {table}") == "DELETE 1", table
    # What something rests on stays, whatever is asked for.
    for table in ("appointments", "practitioners", "patients"):
        with pytest.raises(asyncpg.ForeignKeyViolationError):
            await session.execute(f"DELETE FROM {table}")
    # A receipt that does not say yet that all is gone, and a run that somebody is at.
    await owner.execute(
        "INSERT INTO job_runs (site_id, job, period, due_at, state, attempts, owner, lease_until, "
        "started_at) VALUES ($1, 'x', '1', $2, 'running', 1, $3, $2, $2)",
        *(SITE.id, NOW, uuid4()),
    )
    for table in ("erasures", "job_runs"):
        assert await session.execute(f"DELETE FROM {table}") == "DELETE 0", table
    await owner.execute("UPDATE erasures SET files_clean_at = $1, log_clean_at = $1", NOW)
    await owner.execute(
        "UPDATE job_runs SET state = 'done', owner = NULL, lease_until = NULL, ended_at = $1", NOW
    )
    for table in ("erasures", "job_runs"):
        assert await session.execute(f"DELETE FROM {table}") == "DELETE 1", table
    for statement in (
        "DELETE FROM audit_events",
        "DELETE FROM audit_lanes",
        "UPDATE audit_events SET body = '{}'",
        "DELETE FROM sites",
        # Their keys have to leave the files, with a receipt: whoever has the key erases them.
        "DELETE FROM templates",
        "DELETE FROM template_keys",
        "DELETE FROM guardians",
        "DELETE FROM erased_patients",
        "SELECT ref_hash FROM erased_patients",
        "UPDATE appointments SET status = 'arrived'",
        "UPDATE reviews SET decision = 'confirmed'",
        "UPDATE consents SET status = 'active'",
        "UPDATE codes SET revoked_at = NULL",
        "UPDATE erasures SET log_clean_at = now()",
        "SELECT sealed_profile FROM patients",
        "SELECT patient_ref FROM patients",
        "SELECT sealed_vector FROM templates",
        "SELECT code_hash FROM codes",
        "SELECT body FROM audit_events",
    ):
        assert await quietly(session, statement) is None, statement
    # What hangs on a row goes with it, and who listens hears of it.
    rows = {"face_blocks": 1, "reviews": 1, "status_changes": 1, "check_ins": 1, "appointments": 2}
    for table, there in rows.items():
        assert await session.execute(f"DELETE FROM {table}") == f"DELETE {there}", table
    assert await session.execute("DELETE FROM patients") == "DELETE 4"
    for table in ("templates", "template_keys", "consents", "guardians", "look_alikes"):
        assert await owner.fetchval(f"SELECT count(*) FROM {table}") == 0, table
    assert await session.execute("DELETE FROM practitioners") == "DELETE 1"
    await session.close()


async def test_the_auditor_reads_what_is_opaque(filled: str) -> None:
    session = await connect(as_role(filled, DatabaseRole.AUDITOR))
    rows = await session.fetch("SELECT body FROM audit_events WHERE actor = 'aigul'")
    assert len(rows) == 1
    assert await session.fetchval("SELECT count(patient_ref) FROM patients") == 4
    for statement in (
        "SELECT * FROM patients",
        "SELECT wrapped_key FROM patients",
        "SELECT * FROM template_keys",
        "SELECT sealed_vector FROM templates",
        "SELECT code_hash FROM codes",
        "SELECT value FROM meta",
        "INSERT INTO audit_inbox (site_id, bodies) VALUES ('test-1', ARRAY['{}']::json[])",
    ):
        assert await quietly(session, statement) is None, statement
    await session.close()


# How pools are opened


async def test_a_pool_is_opened_as_its_role_and_nobody_else(clinic_url: str) -> None:
    for role in (DatabaseRole.SERVICE, DatabaseRole.RETENTION, DatabaseRole.AUDITOR):
        url = as_role(clinic_url, role)
        async with open_postgres(url, Limits(), SITE, role) as postgres:
            async with postgres.connection() as connection:
                assert await connection.fetchval("SELECT kirdi_site()") == SITE.id
            async with postgres.own_connection("kirdi test") as connection:
                assert await connection.fetchval("SELECT kirdi_site()") == SITE.id
        for other in DatabaseRole:
            if other is not role:
                with pytest.raises(DatabaseError, match=f"{url.split(':')[1][2:]}.*{other}"):
                    await Postgres(url, Limits(), role=other).open()
    with pytest.raises(DatabaseError, match="may do more than kirdi_service"):
        await Postgres(
            as_role(clinic_url, DatabaseRole.OWNER), Limits(), role=DatabaseRole.SERVICE
        ).open()


async def test_a_site_that_the_login_does_not_serve(
    clinic_url: str, owner: asyncpg.Connection, tmp_path: Path
) -> None:
    assert await is_ready(clinic_url, SITE)
    assert not await is_ready(clinic_url, OTHER)
    with pytest.raises(DatabaseError, match=r"does not serve site other-1; run `kirdi db migrate`"):
        async with open_database(clinic_url, Limits(), OTHER, tmp_path / "key"):
            pytest.fail("it was opened")
    owner_url = as_role(clinic_url, DatabaseRole.OWNER)
    logins = {DatabaseRole.SERVICE: clinic_url}
    with pytest.raises(DatabaseError, match=r"serves site test-1; give site other-1 a login"):
        await serve_site(owner_url, OTHER, logins)
    assert await owner.fetchval("SELECT count(*) FROM sites") == 1
    await serve_site(owner_url, OTHER, logins, several=True)
    for site in (SITE, OTHER):
        async with (
            open_database(clinic_url, Limits(), site, tmp_path / "key") as database,
            database.postgres.connection() as connection,
        ):
            rows = await connection.fetch("SELECT site_id FROM sites")
            assert [row["site_id"] for row in rows] == [site.id]
    assert login_name(clinic_url, DatabaseRole.SERVICE) == "kirdi_service"
