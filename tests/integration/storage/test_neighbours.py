"""What a session of one site finds of another: nothing, whatever it does."""

from datetime import date
from uuid import uuid4

import asyncpg
import pytest

from streamer.storage.database_role import DatabaseRole
from tests.integration.storage.clinic import NOW, SITE
from tests.integration.storage.filled import DENIED, OTHER, SHARED, connect, quietly, tables_of
from tests.servers import as_role

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
    "report_days",
    "report_deliveries",
    "report_replies",
    "report_revisions",
    "report_schedules",
    "reports",
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
    visit = await owner.fetchrow(
        "SELECT appointment_id, patient_id FROM appointments a "
        "WHERE NOT EXISTS (SELECT FROM check_ins c WHERE c.appointment_id = a.appointment_id)"
    )
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
