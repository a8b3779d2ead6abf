"""Sees that the database's roles are there, own what they should, and are logged in as.

`schema.migrate` prepares with them; `Postgres` checks every pool that is opened as a role. Roles
belong to a whole server, which may hold several databases: they are made outside of any
transaction, and whoever else makes them at the same moment is waited for.
"""

import asyncio
from typing import TYPE_CHECKING

import asyncpg

from streamer.errors import DatabaseError
from streamer.storage.database_errors import Place
from streamer.storage.database_role import DatabaseRole
from streamer.storage.queries import sql

if TYPE_CHECKING:
    from streamer.storage.postgres import Connection

_ATTEMPTS = 20
_PAUSE_S = 0.1
# Somebody else's migration made the same role, or changed the same row, at the same moment.
_AT_ONCE = (
    asyncpg.DuplicateObjectError,
    asyncpg.UniqueViolationError,
    asyncpg.exceptions.InternalServerError,
)


async def ensure_roles(connection: asyncpg.Connection, place: Place) -> None:
    """Make the roles that are missing, and the login a member of the owner.

    Args:
        connection: Of whoever migrates, in no transaction.
        place: For the error.

    Raises:
        DatabaseError: The login may not; says what an administrator has to run.
    """
    for _ in range(_ATTEMPTS):
        missing = await connection.fetchval(sql("missing_roles"), list(DatabaseRole))
        try:
            for role in missing:
                await connection.execute(f"CREATE ROLE {role} NOLOGIN")
            if not await connection.fetchval(sql("may_become"), DatabaseRole.OWNER.value):
                await connection.execute(f"GRANT {DatabaseRole.OWNER} TO SESSION_USER")
        except asyncpg.InsufficientPrivilegeError:
            raise DatabaseError(await _asks(connection, place, missing)) from None
        except _AT_ONCE:
            await asyncio.sleep(_PAUSE_S)
        else:
            return
    raise DatabaseError(f"database {place}: its roles cannot be made; see the server's log")


async def take_over(connection: asyncpg.Connection, place: Place) -> None:
    """Give the schema to the owner's role, and become it until the transaction ends.

    Args:
        connection: Of whoever migrates, in the migration's transaction.
        place: For the error.

    Raises:
        DatabaseError: The login may not; says what an administrator has to run.
    """
    try:
        async with connection.transaction():
            await connection.execute(sql("close_database"))
            await connection.execute(sql("give_schema_to_owner"))
    except asyncpg.InsufficientPrivilegeError:
        raise DatabaseError(await _asks(connection, place, [])) from None
    schema = await connection.fetchval(sql("schema_of_kirdi"))
    # Functions keep this path: nobody's own or temporary table can come before the schema's.
    await connection.execute(sql("search_only_in"), schema)
    await connection.execute(f"SET LOCAL ROLE {DatabaseRole.OWNER}")


async def check_login(
    connection: "Connection | asyncpg.Connection", place: Place, role: DatabaseRole
) -> None:
    """Refuse a login that may do less or more than the role: it could become another one.

    Raises:
        DatabaseError: Names the login and what to run.
    """
    row = await connection.fetchrow(
        sql("rights_of_login"), role.value, [one.value for one in DatabaseRole if one != role]
    )
    assert row is not None
    login = row["login"]
    if row["too_much"] is not None:
        raise DatabaseError(
            f"database {place}: login {login} may do more than {role} ({row['too_much']}); log in "
            "as one that is a member of it alone; docs/deployment.md says how to make it"
        )
    if not row["is_member"]:
        raise DatabaseError(
            f"database {place}: login {login} is no member of {role}; an administrator runs "
            f'GRANT {role} TO "{login}" after `kirdi db migrate`'
        )


async def _asks(connection: asyncpg.Connection, place: Place, missing: list[str]) -> str:
    """What an administrator has to run, in one line."""
    row = await connection.fetchrow(sql("who_migrates"))
    assert row is not None
    login, database = row["login"], row["database"]
    statements = [f"CREATE ROLE {role} NOLOGIN" for role in missing]
    statements.append(f'GRANT {DatabaseRole.OWNER} TO "{login}"')
    statements.append(f'ALTER DATABASE "{database}" OWNER TO {DatabaseRole.OWNER}')
    return (
        f"database {place}: login {login} may not make its roles or does not own its tables; an "
        f"administrator runs in it: {'; '.join(statements)}; nothing was changed"
    )
