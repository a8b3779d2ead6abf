import asyncio
import io

import asyncpg
import pytest
from alembic import command
from alembic.script import ScriptDirectory

from config.settings import Database as Limits
from streamer.errors import DatabaseError
from streamer.storage.database_role import DatabaseRole
from streamer.storage.postgres import Postgres
from streamer.storage.schema import _config, _history, check_schema, migrate
from tests.servers import as_role

HISTORY = _history()


async def _open_checked(url: str) -> None:
    postgres = Postgres(url, Limits())
    await postgres.open()
    try:
        async with postgres.connection() as connection:
            await check_schema(connection, postgres.place)
    finally:
        await postgres.close()


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def test_the_files_names_are_the_revisions_in_their_order() -> None:
    scripts = ScriptDirectory.from_config(_config())
    assert [script.revision for script in scripts.walk_revisions()][::-1] == HISTORY


async def test_migrating_is_done_once_however_many_try(any_database_url: str) -> None:
    results = await asyncio.gather(*(migrate(any_database_url) for _ in range(5)))
    assert sorted(results) == [[], [], [], [], HISTORY]
    await _open_checked(any_database_url)


async def test_an_empty_database_says_what_to_run(database_url: str) -> None:
    with pytest.raises(DatabaseError, match="holds no Kirdi schema; run `kirdi db migrate`"):
        await _open_checked(database_url)


async def test_an_older_schema_says_what_to_run(
    clinic_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The program pretends to know one more.
    monkeypatch.setattr("streamer.storage.schema._history", lambda: [*HISTORY, "9999"])
    words = f"{HISTORY[-1]} is older than this program's 9999; run `kirdi"
    with pytest.raises(DatabaseError, match=words):
        await _open_checked(clinic_url)


async def test_a_database_of_the_first_release_keeps_what_it_holds(database_url: str) -> None:
    first = _config()
    command.upgrade(first, "0001", sql=True)
    assert isinstance(first.output_buffer, io.StringIO)
    await _execute(database_url, first.output_buffer.getvalue())
    await _execute(database_url, "INSERT INTO sites VALUES ('s-1', 'Clinic', 'Asia/Almaty')")
    assert await migrate(database_url) == HISTORY[1:]
    await _open_checked(database_url)
    # The owner, too, sees the site that it names.
    connection = await asyncpg.connect(database_url)
    assert await connection.fetchval("SELECT count(*) FROM sites") == 0
    await connection.execute("SET kirdi.site = 's-1'")
    assert await connection.fetchval("SELECT count(*) FROM sites") == 1
    await connection.close()


async def test_a_newer_schema_is_left_alone(clinic_url: str) -> None:
    clinic_url = as_role(clinic_url, DatabaseRole.OWNER)
    await _execute(clinic_url, "UPDATE alembic_version SET version_num = '9999'")
    for attempt in (_open_checked, migrate):
        words = f"schema 9999 is newer than this program's {HISTORY[-1]}; update kirdi"
        with pytest.raises(DatabaseError, match=words):
            await attempt(clinic_url)
    await _execute(clinic_url, f"UPDATE alembic_version SET version_num = '{HISTORY[-1]}'")
    assert await migrate(clinic_url) == []


async def test_a_migration_that_fails_leaves_nothing(database_url: str) -> None:
    await _execute(database_url, "CREATE TABLE check_ins (is_in_the_way int)")
    with pytest.raises(DatabaseError, match="refused a statement"):
        await migrate(database_url)
    connection = await asyncpg.connect(database_url)
    tables = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    await connection.close()
    assert [row["tablename"] for row in tables] == ["check_ins"]
