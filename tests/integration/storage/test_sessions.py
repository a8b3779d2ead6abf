"""A session stays who it is: as its role, as its site, and no more."""

from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from config.settings import Database as Limits
from streamer.errors import DatabaseError
from streamer.storage.database import open_database, open_postgres
from streamer.storage.database_role import DatabaseRole
from streamer.storage.postgres import Postgres
from streamer.storage.site_logins import is_ready, serve_site
from tests.integration.storage.clinic import HOUR, NOW, SITE
from tests.integration.storage.filled import DENIED, OTHER, connect, quietly
from tests.servers import as_role, login_name

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


async def test_the_service_deletes_no_evidence(
    filled: str, neighbour: asyncpg.Connection, owner: asyncpg.Connection
) -> None:
    """Only who is being erased at their wish loses rows, and none that something rests on."""
    one = await owner.fetchval("SELECT patient_id FROM patients WHERE patient_ref = 'P-1'")
    erase = "SELECT kind, deleted FROM kirdi_erase_person($1, $2)"
    await owner.execute("DELETE FROM site_logins")
    await serve_site(as_role(filled, DatabaseRole.OWNER), SITE, {DatabaseRole.SERVICE: filled})
    session = await connect(filled)
    for table in ("codes", "face_blocks", "consents", "appointments", "check_ins"):
        with pytest.raises(DENIED):
            await session.execute(f"DELETE FROM {table}")
    with pytest.raises(DENIED, match="is not being erased"):
        await session.fetch(erase, one, NOW)
    await owner.execute("UPDATE patients SET erased_at = $1 WHERE patient_id = $2", NOW, one)
    # The neighbour, who sees no such patient, does nothing to them either.
    with pytest.raises(DENIED, match="is not being erased"):
        await neighbour.fetch(erase, one, NOW)
    kinds = dict(map(tuple, await session.fetch(erase, one, NOW - HOUR)))
    # Both the consent and the appointment are what the check-in rests on.
    assert kinds == {"codes": 1, "face_blocks": 1, "consents": 0, "appointments": 0}
    await session.close()
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await owner.execute("DELETE FROM consents WHERE patient_id = $1", one)
    assert await owner.fetchval("SELECT consent_id FROM check_ins") is not None


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
    assert str(await session.execute("DELETE FROM report_replies")).startswith("DELETE ")
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
