"""Which login of the database serves which site: what row-level security rests on.

`kirdi db migrate` writes it as the owner, and so does every command for an embedded database that
is new. A session names its site (`kirdi.site`); the name alone opens nothing.
"""

from collections.abc import Mapping

import asyncpg

from config.settings import Site
from streamer.errors import DatabaseError
from streamer.storage.database_errors import Place, raise_ours
from streamer.storage.database_role import DatabaseRole
from streamer.storage.postgres import Connection
from streamer.storage.queries import sql
from streamer.storage.roles import check_login
from streamer.storage.schema import missing_revisions

_TIMEOUT_S = 10.0


async def serve_site(
    owner_url: str,
    site: Site,
    urls: Mapping[DatabaseRole, str],
    *,
    several: bool = False,
    anew: bool = False,
) -> None:
    """Make the site known, and let logins see it.

    Args:
        owner_url: Its login is a member of `kirdi_owner`; `migrate` has run.
        site: Made where it is not there.
        urls: Who logs in as what. Each is connected to: only the server knows its login's name.
        several: Whether a login that serves other sites may serve this one as well.
        anew: Forget which logins served which sites: that was said in the database that a backup
            was taken of, of which it holds this site alone.

    Raises:
        DatabaseError: A database refuses, or a login is not what it has to be; nothing was written.
    """
    logins = [await _login(url, role) for role, url in urls.items()]
    place = Place.of(owner_url)
    with raise_ours(place):
        connection = await asyncpg.connect(
            owner_url, timeout=_TIMEOUT_S, command_timeout=_TIMEOUT_S
        )
        try:
            async with connection.transaction():
                await connection.execute(f"SET LOCAL ROLE {DatabaseRole.OWNER}")
                await connection.execute(sql("choose_site"), site.id)
                await connection.execute(sql("register_site"), site.id, site.name, site.time_zone)
                if anew:
                    await connection.execute(sql("forget_site_logins"))
                for login in logins:
                    others = await connection.fetchval(sql("other_sites_of_login"), login, site.id)
                    if others and not several:
                        raise DatabaseError(
                            f"database {place}: login {login} serves site {', '.join(others)}; "
                            f"give site {site.id} a login of its own in database.url, or correct "
                            "site.id"
                        )
                    await connection.execute(sql("serve_site"), login, site.id)
        finally:
            await connection.close(timeout=_TIMEOUT_S)


async def is_ready(url: str, site: Site) -> bool:
    """Say whether the schema is this program's and the login may look at the site.

    Raises:
        DatabaseError: It cannot be reached, or its schema is newer than this program's.
    """
    place = Place.of(url)
    with raise_ours(place):
        connection = await asyncpg.connect(
            url,
            timeout=_TIMEOUT_S,
            command_timeout=_TIMEOUT_S,
            server_settings={"kirdi.site": site.id},
        )
        try:
            if await missing_revisions(connection, place):
                return False
            return bool(await connection.fetchval(sql("site_of_session")) == site.id)
        except asyncpg.InsufficientPrivilegeError:
            # A schema of before there were roles, which the login cannot look into.
            return False
        finally:
            await connection.close(timeout=_TIMEOUT_S)


async def check_site(connection: Connection, place: Place, site: Site) -> None:
    """Refuse a site that the session's login does not serve: it would look empty.

    Raises:
        DatabaseError: Says what to run.
    """
    if await connection.fetchval(sql("site_of_session")) != site.id:
        raise DatabaseError(
            f"database {place}: its login does not serve site {site.id}; run `kirdi db migrate`, "
            "or correct site.id"
        )


async def _login(url: str, role: DatabaseRole) -> str:
    place = Place.of(url)
    with raise_ours(place):
        connection = await asyncpg.connect(url, timeout=_TIMEOUT_S, command_timeout=_TIMEOUT_S)
        try:
            await check_login(connection, place, role)
            login: str = await connection.fetchval(sql("session_login"))
        finally:
            await connection.close(timeout=_TIMEOUT_S)
    return login
