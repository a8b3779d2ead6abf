"""Brings the database's schema to the one this code expects, and checks that it is.

`migrate` is the command `kirdi db migrate`; `check_schema` runs whenever a database is opened.
"""

import io
from importlib.resources import files
from typing import TYPE_CHECKING

import asyncpg
import structlog

from streamer.errors import DatabaseError
from streamer.storage.database_errors import Place, raise_ours
from streamer.storage.postgres import Connection
from streamer.storage.restoring import refuse_half_restored
from streamer.storage.roles import ensure_roles, take_over

if TYPE_CHECKING:
    from alembic.config import Config

# Any number, as long as nobody else's advisory lock in this database has it.
_MIGRATION_LOCK = 0x6B697264
# A migration of a large table takes its time; waiting for another one that runs does, too.
_STATEMENT_TIMEOUT_S = 600.0
_CONNECT_TIMEOUT_S = 5.0
# From this revision on the server keeps no statistics of columns with wrapped keys.
_STATISTICS_FREE = "0009"

log = structlog.get_logger(__name__)


async def migrate(url: str, *, settling: bool = False) -> list[str]:
    """Apply every revision the database lacks, all in one transaction, as its owner.

    Two at once are harmless: the second waits and finds nothing left to do.

    Args:
        url: Its login is a member of `kirdi_owner`, or may make it one.
        settling: Also while a backup is being restored.

    Returns:
        The revisions applied, oldest first; empty when there was nothing to do.

    Raises:
        DatabaseError: It cannot be reached or refuses, its schema is newer than this code, it is
            being restored, or an administrator has to make the roles; nothing was changed.
    """
    place = Place.of(url)
    with raise_ours(place):
        connection = await asyncpg.connect(
            url, timeout=_CONNECT_TIMEOUT_S, command_timeout=_STATEMENT_TIMEOUT_S
        )
        try:
            await missing_revisions(connection, place)
            await ensure_roles(connection, place)
            async with connection.transaction():
                if not settling:
                    await refuse_half_restored(connection, place)
                await connection.execute("SELECT pg_advisory_xact_lock($1)", _MIGRATION_LOCK)
                current = await _revision(connection)
                missing = _missing(current, place)
                # Also where there is nothing to apply: a restored database is open to everybody.
                await take_over(connection, place)
                if missing:
                    await connection.execute(_script(current))
            if current is not None and _STATISTICS_FREE in missing:
                await _forget_samples(connection)
        finally:
            await connection.close(timeout=_CONNECT_TIMEOUT_S)
    return missing


async def _forget_samples(connection: asyncpg.Connection) -> None:
    """Destroy what is left of the samples of wrapped keys that the server's statistics held."""
    try:
        await connection.execute("VACUUM (FULL) pg_catalog.pg_statistic")
    except asyncpg.InsufficientPrivilegeError:
        log.warning(
            "samples of wrapped keys may be left in the server's statistics; have a superuser run "
            "VACUUM FULL pg_catalog.pg_statistic once"
        )


async def check_schema(connection: Connection, place: Place) -> None:
    """Refuse a database whose schema is not exactly this code's. Reads only.

    Raises:
        DatabaseError: Empty or older: migrate; newer: update.
    """
    current = await _revision(connection)
    if current is None:
        raise DatabaseError(f"database {place}: holds no Kirdi schema; run `kirdi db migrate`")
    missing = _missing(current, place)
    if missing:
        raise DatabaseError(
            f"database {place}: its schema {current} is older than this program's {missing[-1]}; "
            "run `kirdi db migrate`"
        )


async def missing_revisions(connection: asyncpg.Connection, place: Place) -> list[str]:
    """Return what `migrate` would apply. Reads only.

    Raises:
        DatabaseError: The schema is newer than this program's.
    """
    return _missing(await _revision(connection), place)


async def _revision(connection: "Connection | asyncpg.Connection") -> str | None:
    if await connection.fetchval("SELECT to_regclass('alembic_version')") is None:
        return None
    revision: str | None = await connection.fetchval("SELECT version_num FROM alembic_version")
    return revision


def _missing(current: str | None, place: Place) -> list[str]:
    history = _history()
    if current is None:
        return history
    if current not in history:
        raise DatabaseError(
            f"database {place}: its schema {current} is newer than this program's {history[-1]}; "
            "update kirdi (nothing was written)"
        )
    return history[history.index(current) + 1 :]


def _history() -> list[str]:
    """Every revision this code knows, oldest first: `m0007_codes.py` is 0007.

    Every command asks this; Alembic takes half a second to load, and is only needed to migrate.
    """
    names = (one.name for one in files("streamer.storage.migrations.versions").iterdir())
    return sorted(name[1:5] for name in names if name.startswith("m") and name.endswith(".py"))


def _script(current: str | None) -> str:
    """Return the statements from a revision to the newest, version table included."""
    from alembic import command

    config = _config()
    command.upgrade(config, f"{current}:head" if current else "head", sql=True)
    assert isinstance(config.output_buffer, io.StringIO)
    return config.output_buffer.getvalue()


def _config() -> "Config":
    from alembic.config import Config

    config = Config(output_buffer=io.StringIO(), stdout=io.StringIO())
    config.set_main_option("script_location", "streamer.storage:migrations")
    return config
