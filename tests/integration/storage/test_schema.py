import asyncio

import asyncpg
import pytest

from config.settings import Database as Limits
from streamer.errors import DatabaseError
from streamer.storage.postgres import Postgres
from streamer.storage.schema import check_schema, migrate


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


async def test_migrating_is_done_once_however_many_try(any_database_url: str) -> None:
    results = await asyncio.gather(*(migrate(any_database_url) for _ in range(5)))
    assert sorted(results) == [[], [], [], [], ["0001"]]
    await _open_checked(any_database_url)


async def test_an_empty_database_says_what_to_run(database_url: str) -> None:
    with pytest.raises(DatabaseError, match="holds no Kirdi schema; run `kirdi db migrate`"):
        await _open_checked(database_url)


async def test_an_older_schema_says_what_to_run(
    clinic_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # There is one revision so far: the program pretends to know another.
    monkeypatch.setattr("streamer.storage.schema._history", lambda: ["0001", "0002"])
    with pytest.raises(DatabaseError, match="0001 is older than this program's 0002; run `kirdi"):
        await _open_checked(clinic_url)


async def test_a_newer_schema_is_left_alone(clinic_url: str) -> None:
    await _execute(clinic_url, "UPDATE alembic_version SET version_num = '9999'")
    for attempt in (_open_checked, migrate):
        with pytest.raises(
            DatabaseError, match="schema 9999 is newer than this program's 0001; update kirdi"
        ):
            await attempt(clinic_url)
    await _execute(clinic_url, "UPDATE alembic_version SET version_num = '0001'")
    assert await migrate(clinic_url) == []


async def test_a_migration_that_fails_leaves_nothing(database_url: str) -> None:
    await _execute(database_url, "CREATE TABLE check_ins (is_in_the_way int)")
    with pytest.raises(DatabaseError, match="refused a statement"):
        await migrate(database_url)
    connection = await asyncpg.connect(database_url)
    tables = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    await connection.close()
    assert [row["tablename"] for row in tables] == ["check_ins"]
