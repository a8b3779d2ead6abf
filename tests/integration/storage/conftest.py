"""A clinic in a migrated database; `any_clinic` runs on both kinds of server."""

from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path

import asyncpg
import pytest

from config.settings import Database as Limits
from streamer.storage.database import open_database
from streamer.storage.database_role import DatabaseRole
from streamer.storage.queries import sql
from streamer.storage.redis_link import RedisLink
from streamer.storage.retention import Retention
from streamer.storage.schema import migrate
from tests.conftest import MakeDatabase
from tests.fakes.clock import FakeClock
from tests.integration.storage.clinic import NOW, SITE, Clinic
from tests.integration.storage.filled import (  # noqa: F401  fixtures of several modules
    filled,
    neighbour,
    owner,
)
from tests.servers import Databases, as_role, in_thread, login_name

# Where retention's login deletes nothing young; `test_retention_login.py` guards them again.
YOUNG_GUARDED = ("check_ins", "status_changes", "consents", "erasures", "patients")

_CHILDREN_FIRST = (
    "report_replies",
    "report_deliveries",
    "report_schedules",
    "report_days",
    "report_revisions",
    "reports",
    "devices",
    "tickets",
    "idempotency_keys",
    "sign_in_places",
    "sign_in_attempts",
    "api_tokens",
    "web_sessions",
    "accounts",
    "job_runs",
    "retention_runs",
    "erased_patients",
    "audit_events",
    "audit_lanes",
    "audit_inbox",
    "attempts",
    "waiting_reviews",
    "codes",
    "status_changes",
    "face_blocks",
    "presences",
    "erasures",
    "reviews",
    "site_calibrations",
    "match_counts",
    "check_ins",
    "claims",
    "confirmations",
    "former_practitioners",
    "appointments",
    "practitioners",
    "photo_agreements",
    "look_alikes",
    "template_reads",
    "template_keys",
    "templates",
    "consents",
    "consent_texts",
    "guardians",
    "patients",
    "camera_uptime",
    "site_logins",
    "sites",
    "site_secrets",
    "key_rotations",
    "wrapping_keys",
    "meta",
)

MakeLink = Callable[[str], RedisLink]
MakeRetention = Callable[[Mapping[str, int]], Retention]


def _migrated(databases: Databases) -> str:
    """A migrated database; its URL as the service.

    What the owner does in it tests do to prepare something, or to look: the owner sees every site.
    """
    url = databases.create()

    async def work() -> None:
        await migrate(url)
        connection = await asyncpg.connect(url)
        try:
            guarded = await connection.fetch(
                "SELECT relname FROM pg_class WHERE relrowsecurity "
                "AND relnamespace = 'public'::regnamespace"
            )
            # Rows of tests are as old as the test's clock says; the guard goes by the server's.
            for table in YOUNG_GUARDED:
                await connection.execute(f"DROP POLICY kirdi_young ON {table}")
            for row in guarded:
                await connection.execute(
                    f"CREATE POLICY kirdi_tests ON {row['relname']} TO kirdi_owner USING (true)"
                )
        finally:
            await connection.close()

    in_thread(work)
    return as_role(url, DatabaseRole.SERVICE)


@pytest.fixture(scope="session")
def migrated_url(session_databases: Databases) -> str:
    """A migrated database, as the service: shared by tests that only write rows, else copied."""
    return _migrated(session_databases)


@pytest.fixture(scope="session")
def any_migrated_url(any_session_databases: Databases) -> str:
    return _migrated(any_session_databases)


@pytest.fixture
async def clinic_url(make_database: MakeDatabase, migrated_url: str) -> str:
    await empty(migrated_url)
    return as_role(make_database(migrated_url), DatabaseRole.SERVICE)


@pytest.fixture
async def clinic(migrated_url: str, tmp_path: Path) -> AsyncIterator[Clinic]:
    await empty(migrated_url)
    async with open_database(migrated_url, Limits(), SITE, tmp_path / "kirdi.key") as database:
        yield Clinic(database, FakeClock(NOW))


@pytest.fixture
async def any_clinic(any_migrated_url: str, tmp_path: Path) -> AsyncIterator[Clinic]:
    await empty(any_migrated_url)
    async with open_database(any_migrated_url, Limits(), SITE, tmp_path / "kirdi.key") as database:
        yield Clinic(database, FakeClock(NOW))


@pytest.fixture
async def retention(clinic: Clinic) -> AsyncIterator[MakeRetention]:
    """Deletes what is older than the terms it is given, as the role that may."""
    async with clinic.as_retention() as postgres:
        service = clinic.database.postgres

        def make(days: Mapping[str, int]) -> Retention:
            return Retention(postgres, service, SITE.id, clinic.eraser(), days, clinic.clock)

        yield make


async def empty(url: str) -> None:
    """Delete every row: many times quicker than making a database for each test.

    The site is known at the end, and served by the logins.
    """
    connection = await asyncpg.connect(as_role(url, DatabaseRole.OWNER))
    try:
        tables = await connection.fetch(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> $1",
            "alembic_version",
        )
        names = {row["tablename"] for row in tables}
        ordered = [name for name in _CHILDREN_FIRST if name in names]
        assert set(ordered) == names, "a new table needs its place in _CHILDREN_FIRST"
        # The audit lets nobody delete: its guards are off for this one transaction.
        guarded = ("audit_events", "audit_lanes")
        off, on = (
            [f"ALTER TABLE {name} {verb} TRIGGER USER" for name in guarded]
            for verb in ("DISABLE", "ENABLE")
        )
        deletes = [f'DELETE FROM "{name}"' for name in ordered]
        await connection.execute(";".join((*off, *deletes, *on)))
        await connection.execute(sql("register_site"), SITE.id, SITE.name, SITE.time_zone)
        for role in (DatabaseRole.SERVICE, DatabaseRole.RETENTION, DatabaseRole.AUDITOR):
            await connection.execute(sql("serve_site"), login_name(url, role), SITE.id)
    finally:
        await connection.close()


@pytest.fixture
async def make_link() -> AsyncIterator[MakeLink]:
    """Links with a clock that stands still, closed after the test."""
    made: list[RedisLink] = []

    def make(url: str) -> RedisLink:
        made.append(RedisLink(url, 0.25, FakeClock(NOW)))
        return made[-1]

    yield make
    for link in made:
        await link.close()
