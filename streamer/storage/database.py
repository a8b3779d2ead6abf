"""A database ready for use: connected, of the right schema, the site known, the key opened.

The one way in for `app` and the command line.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from config.settings import Database as Limits
from config.settings import Site
from streamer.crypto.checkpoint_seal import CheckpointSeal
from streamer.crypto.code_hash import CodeHash
from streamer.crypto.key_source import KeySources
from streamer.crypto.keyed_hash import KeyedHash
from streamer.crypto.signed_token import TokenSigner
from streamer.crypto.site_secrets import SiteSecrets
from streamer.crypto.vault import Vault
from streamer.crypto.web_secrets import WebSecrets
from streamer.storage.database_role import DatabaseRole
from streamer.storage.keys import follow_keys, open_keys
from streamer.storage.postgres import Postgres
from streamer.storage.queries import sql
from streamer.storage.restoring import refuse_half_restored
from streamer.storage.schema import check_schema
from streamer.storage.site_logins import check_site

DATABASE_ID = "database_id"
"""Name in `meta` of what tells this database from others; a backup of it has the same."""


@dataclass(frozen=True, slots=True)
class Database:
    """What the stores are made of.

    Attributes:
        secrets: `secrets.derive(use)` gives the key for one use, the same after every rotation.
    """

    postgres: Postgres
    vault: Vault
    secrets: SiteSecrets
    keyed_hash: KeyedHash
    code_hash: CodeHash
    tokens: TokenSigner
    web_secrets: WebSecrets
    checkpoint_seal: CheckpointSeal


@asynccontextmanager
async def open_database(
    url: str, limits: Limits, site: Site, keys: KeySources | Path, *, settling: bool = False
) -> AsyncIterator[Database]:
    """Open as the service, the one role that has the key; close at the end.

    Args:
        url: Where PostgreSQL is, and who logs in; `migrate` and `serve_site` have run.
        limits: Pool size and time-outs.
        site: Whose rows are seen. Its name and time zone are brought up to date.
        keys: Where the key-encryption key is, or its file; a file is made on a new database's
            first use.
        settling: Open a restored database before what was erased since is erased again.

    Raises:
        DatabaseError: It cannot be reached, refuses, has another schema, does not know the site, is
            being restored, or its login may do less or more than the service.
        VaultError: The key is lost, guarded badly, or not this database's.
    """
    sources = KeySources.of_file(keys) if isinstance(keys, Path) else keys
    async with open_postgres(
        url, limits, site, DatabaseRole.SERVICE, settling=settling
    ) as postgres:
        async with postgres.connection() as connection:
            await connection.execute(sql("describe_site"), site.id, site.name, site.time_zone)
            await connection.execute(sql("ensure_meta"), DATABASE_ID, str(uuid4()))
        opened = await open_keys(postgres, sources)
        hashes = opened.secrets
        following = asyncio.create_task(follow_keys(postgres, opened.vault))
        try:
            yield Database(
                postgres,
                opened.vault,
                hashes,
                KeyedHash(hashes),
                CodeHash(hashes, site.id),
                TokenSigner(hashes, site.id),
                WebSecrets(hashes.derive),
                CheckpointSeal(hashes, site.id),
            )
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)


@asynccontextmanager
async def open_postgres(
    url: str, limits: Limits, site: Site, role: DatabaseRole, *, settling: bool = False
) -> AsyncIterator[Postgres]:
    """Open a pool as a role, for one site, without any key; close it at the end.

    Raises:
        DatabaseError: As `open_database`.
    """
    postgres = Postgres(url, limits, role=role, site_id=site.id)
    await postgres.open()
    try:
        async with postgres.connection() as connection:
            if not settling:
                await refuse_half_restored(connection, postgres.place)
            await check_schema(connection, postgres.place)
            await check_site(connection, postgres.place, site)
        yield postgres
    finally:
        await postgres.close()
