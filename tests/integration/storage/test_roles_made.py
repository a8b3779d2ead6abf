"""Roles on a server that has none yet: who may make them, who may not, and several at once."""

import asyncio
import io
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest
from alembic import command

from config.settings import Database as Limits
from streamer.errors import DatabaseError, VaultError
from streamer.storage.database import open_database
from streamer.storage.database_role import DatabaseRole
from streamer.storage.schema import _config, _history, migrate
from streamer.storage.site_logins import serve_site
from tests.fakes.clock import FakeClock
from tests.integration.storage.clinic import NOW, SITE, Clinic, patient
from tests.servers import installed_postgres


@pytest.fixture
def superuser_url(tmp_path: Path) -> Iterator[str]:
    """A server of the test's own: roles belong to all of it."""
    with installed_postgres(tmp_path) as url:
        yield url


def on(url: str, database: str, login: str | None = None) -> str:
    parts = urlsplit(url)
    netloc = parts.netloc
    if login is not None:
        netloc = f"{login}:pw@{netloc.rpartition('@')[2]}"
    return urlunsplit(parts._replace(netloc=netloc, path=f"/{database}"))


async def run(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


async def test_several_databases_of_one_server_are_migrated_at_once(superuser_url: str) -> None:
    names = [f"clinic_{number}" for number in range(4)]
    await run(superuser_url, *(f"CREATE DATABASE {name}" for name in names))
    done = await asyncio.gather(*(migrate(on(superuser_url, name)) for name in names))
    assert done == [_history()] * len(names)
    assert await migrate(on(superuser_url, names[0])) == []


async def test_who_may_make_no_roles_is_told_what_to_run(
    superuser_url: str, tmp_path: Path
) -> None:
    """A database of the release before, whose only login owned everything."""
    await run(
        superuser_url,
        "CREATE ROLE kirdi LOGIN PASSWORD 'pw'",
        "CREATE ROLE lobby LOGIN PASSWORD 'pw'",
        "CREATE DATABASE clinic OWNER kirdi",
    )
    former_url, service_url = (
        on(superuser_url, "clinic", "kirdi"),
        on(superuser_url, "clinic", "lobby"),
    )
    former = _config()
    command.upgrade(former, "0007", sql=True)
    assert isinstance(former.output_buffer, io.StringIO)
    await run(
        former_url,
        former.output_buffer.getvalue(),
        f"INSERT INTO sites VALUES ('{SITE.id}', 'x', 'UTC'), ('other-1', 'y', 'UTC')",
        *(
            "INSERT INTO patients (patient_id, site_id, patient_ref, wrapped_key, sealed_profile, "
            f"is_staff, created_at, updated_at) VALUES (gen_random_uuid(), '{site}', 'P-1', '', '',"
            " false, now(), now())"
            for site in (SITE.id, "other-1")
        ),
        "INSERT INTO guardians SELECT p.patient_id, q.patient_id FROM patients p, patients q "
        "WHERE p.patient_id < q.patient_id",
        "DELETE FROM guardians",
        "INSERT INTO consents (consent_id, patient_id, purpose, status, document_ref, given_at) "
        "SELECT gen_random_uuid(), patient_id, 'check-in', 'active', 'C', now() FROM patients",
    )
    with pytest.raises(DatabaseError) as refused:
        await migrate(former_url)
    words = str(refused.value)
    assert "login kirdi may not make its roles" in words
    statements = (
        words.partition("runs in it: ")[2].partition("; nothing was changed")[0].split("; ")
    )
    assert len(statements) == len(DatabaseRole) + 2
    await run(on(superuser_url, "clinic"), *statements)

    assert await migrate(former_url) == _history()[7:]
    with pytest.raises(DatabaseError, match="make it a member of the role it is for"):
        await serve_site(former_url, SITE, {DatabaseRole.SERVICE: service_url})
    await run(superuser_url, "GRANT kirdi_service TO lobby")
    await serve_site(former_url, SITE, {DatabaseRole.SERVICE: service_url})
    with pytest.raises(VaultError, match="holds patients and does not say by which key"):
        async with open_database(service_url, Limits(), SITE, tmp_path / "key"):
            pytest.fail("it was opened")
    with pytest.raises(DatabaseError, match="login kirdi may do more than kirdi_service"):
        async with open_database(former_url, Limits(), SITE, tmp_path / "key"):
            pytest.fail("it was opened")
    session = await asyncpg.connect(service_url, server_settings={"kirdi.site": SITE.id})
    for table in ("patients", "consents", "sites"):
        assert [row["site_id"] for row in await session.fetch(f"SELECT site_id FROM {table}")] == [
            SITE.id
        ]
    await session.close()


async def test_an_administrator_prepares_everything_beforehand(
    superuser_url: str, tmp_path: Path
) -> None:
    """As the Compose file's server does: nobody who migrates may make anything but tables."""
    await run(
        superuser_url,
        *(f"CREATE ROLE {role} NOLOGIN" for role in DatabaseRole),
        "CREATE ROLE mover LOGIN PASSWORD 'pw' IN ROLE kirdi_owner",
        "CREATE ROLE lobby LOGIN PASSWORD 'pw' IN ROLE kirdi_service",
        "CREATE DATABASE clinic OWNER kirdi_owner",
    )
    owner_url, service_url = (
        on(superuser_url, "clinic", "mover"),
        on(superuser_url, "clinic", "lobby"),
    )
    await migrate(owner_url)
    await serve_site(owner_url, SITE, {DatabaseRole.SERVICE: service_url})
    async with open_database(service_url, Limits(), SITE, tmp_path / "key") as database:
        clinic = Clinic(database, FakeClock(NOW))
        await clinic.import_patients(patient(1))
        assert await clinic.count("patients") == 1
