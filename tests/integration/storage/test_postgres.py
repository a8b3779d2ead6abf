import asyncio
from urllib.parse import parse_qs, urlsplit, urlunsplit

import pytest

from config.settings import Database as Limits
from streamer.errors import DatabaseError
from streamer.storage.database_errors import Place
from streamer.storage.postgres import Postgres
from streamer.storage.schema import migrate
from tests.servers import free_port

SECRET = "s3cr3t-p@ss"


async def _refusal(url: str, limits: Limits | None = None) -> str:
    postgres = Postgres(url, limits or Limits())
    with pytest.raises(DatabaseError) as caught:
        await postgres.open()
    message = str(caught.value)
    assert "\n" not in message
    assert SECRET not in message
    assert "p%40ss" not in message
    with pytest.raises(DatabaseError) as migrating:
        await migrate(url)
    assert SECRET not in str(migrating.value)
    return message


async def test_nobody_listens() -> None:
    message = await _refusal(f"postgresql://kirdi:s3cr3t-p%40ss@127.0.0.1:{free_port()}/clinic")
    assert message.startswith("database clinic at 127.0.0.1:")
    assert "cannot be reached" in message
    assert "correct database.url" in message


async def test_a_server_that_never_answers() -> None:
    server = await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    limits = Limits(connect_timeout_s=0.2)
    postgres = Postgres(f"postgresql://kirdi@127.0.0.1:{port}/clinic", limits)
    with pytest.raises(DatabaseError, match="did not answer in time"):
        await postgres.open()
    server.close()


async def test_a_wrong_password(any_postgres_url: str) -> None:
    parts = urlsplit(any_postgres_url)
    if not parts.password:
        pytest.skip("this server asks for no password")
    netloc = parts.netloc.replace(parts.password, "s3cr3t-p%40ss")
    message = await _refusal(urlunsplit(parts._replace(netloc=netloc)))
    assert "refuses the user or the password" in message


async def test_a_database_that_is_not_there(postgres_url: str) -> None:
    message = await _refusal(urlunsplit(urlsplit(postgres_url)._replace(path="/not_there")))
    assert "database not_there at " in message
    assert "does not exist; create it" in message


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://kirdi:s3cr3t-p@ss@h:port/clinic",
        "postgresql://kirdi:s3cr3t-p@ss@[h/clinic",
        "mysql://kirdi:s3cr3t-p@ss@h/clinic",
        "",
    ],
)
async def test_urls_that_are_none(url: str) -> None:
    with pytest.raises(DatabaseError) as caught:
        await Postgres(url, Limits(connect_timeout_s=0.2)).open()
    assert "s3cr3t" not in str(caught.value)
    assert "p@ss" not in str(caught.value)


def test_the_place_names_no_user() -> None:
    assert str(Place.of("postgresql://u:p@h:5/d")) == "d at h:5"
    assert str(Place.of("postgresql://u:p@/d?host=/run/pg")) == "d at /run/pg"
    assert str(Place.of("postgresql://u:p@a:1,b:2/d")) == "d at a:1,b:2"


async def test_an_exhausted_pool_gives_up_in_time(clinic_url: str) -> None:
    postgres = Postgres(clinic_url, Limits(pool_size=2, acquire_timeout_s=0.2))
    await postgres.open()
    try:
        async with postgres.connection(), postgres.connection():
            with pytest.raises(DatabaseError, match="did not answer in time"):
                async with postgres.connection():
                    pass
        async with postgres.connection() as connection:
            assert await connection.fetchval("SELECT 1") == 1
    finally:
        await postgres.close()


async def test_a_statement_that_takes_too_long(clinic_url: str) -> None:
    postgres = Postgres(clinic_url, Limits(command_timeout_s=0.2))
    await postgres.open()
    try:
        with pytest.raises(DatabaseError, match="did not answer in time"):
            async with postgres.connection() as connection:
                await connection.execute("SELECT pg_sleep(30)")
        async with postgres.connection() as connection:
            assert await connection.fetchval("SELECT 1") == 1
    finally:
        await postgres.close()


async def test_a_connection_that_is_killed_is_replaced(clinic_url: str) -> None:
    postgres = Postgres(clinic_url, Limits())
    await postgres.open()
    try:
        with pytest.raises(DatabaseError):
            async with postgres.connection() as connection:
                await connection.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        async with postgres.connection() as connection:
            assert await connection.fetchval("SELECT 1") == 1
    finally:
        await postgres.close()


async def test_nothing_works_before_it_is_open() -> None:
    postgres = Postgres("postgresql://h/d", Limits())
    await postgres.close()
    with pytest.raises(DatabaseError, match="is not open"):
        async with postgres.connection():
            pass


def test_the_embedded_url_has_a_socket(postgres_url: str) -> None:
    host = parse_qs(urlsplit(postgres_url).query).get("host")
    assert host is None or str(Place.of(postgres_url)).endswith(host[0])


async def test_a_connection_given_back_carries_nothing_on(database_url: str) -> None:
    """What a statement sets ends with its transaction, one that nobody has ended included."""
    postgres = Postgres(database_url, Limits(pool_size=2))
    await postgres.open()
    try:
        async with postgres.transaction() as connection:
            await connection.execute("SELECT set_config('lock_timeout', '1s', true)")
            pid = await connection.fetchval("SELECT pg_backend_pid()")
        async with postgres.connection() as connection:
            await connection.execute("BEGIN; SELECT set_config('lock_timeout', '1s', true)")
        async with postgres.connection() as connection:
            assert await connection.fetchval("SELECT pg_backend_pid()") == pid
            assert await connection.fetchval("SHOW lock_timeout") == "0"
            assert not connection.is_in_transaction()
    finally:
        await postgres.close()
