"""A database ready for use: connected, of the right schema, the site known, the key opened.

The one way in for `app` and the command line.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from config.settings import Database as Limits
from config.settings import Site
from streamer.crypto.checkpoint_seal import CheckpointSeal
from streamer.crypto.code_hash import CodeHash
from streamer.crypto.keyed_hash import KeyedHash
from streamer.crypto.keyfile import KeyFile
from streamer.crypto.signed_token import TokenSigner
from streamer.crypto.vault import Vault
from streamer.storage.key_check import open_key
from streamer.storage.postgres import Postgres
from streamer.storage.queries import sql
from streamer.storage.schema import check_schema


@dataclass(frozen=True, slots=True)
class Database:
    """What the stores are made of."""

    postgres: Postgres
    vault: Vault
    keyed_hash: KeyedHash
    code_hash: CodeHash
    tokens: TokenSigner
    checkpoint_seal: CheckpointSeal


@asynccontextmanager
async def open_database(
    url: str, limits: Limits, site: Site, key_path: Path
) -> AsyncIterator[Database]:
    """Open, and close at the end.

    Args:
        url: Where PostgreSQL is; `migrate` has run.
        limits: Pool size and time-outs.
        site: Written to the database, so that rows may refer to it.
        key_path: The key-encryption key's file; made on a new database's first use.

    Raises:
        DatabaseError: It cannot be reached, refuses, or has another schema.
        VaultError: The key is lost, guarded badly, or not this database's.
    """
    postgres = Postgres(url, limits)
    await postgres.open()
    try:
        async with postgres.connection() as connection:
            await check_schema(connection, postgres.place)
            await connection.execute(sql("register_site"), site.id, site.name, site.time_zone)
        key = await open_key(postgres, KeyFile(key_path))
        yield Database(
            postgres,
            Vault(key),
            KeyedHash(key),
            CodeHash(key, site.id),
            TokenSigner(key, site.id),
            CheckpointSeal(key, site.id),
        )
    finally:
        await postgres.close()
