"""Opens the key that a database was written with, or makes one for a database that is new.

A key is never made for a database that holds sealed data: that data could not be read with it, and
the loss of the old key would be discovered only when its backup is gone, too.
"""

import asyncio

from streamer.crypto.key import KeyEncryptionKey
from streamer.crypto.keyfile import KeyFile
from streamer.errors import VaultError
from streamer.storage.postgres import Connection, Postgres
from streamer.storage.queries import sql

_NAME = "key_check"


async def open_key(postgres: Postgres, file: KeyFile) -> KeyEncryptionKey:
    """Return the database's key-encryption key; make both file and check value on first use.

    Two first starts at once get one key.

    Raises:
        VaultError: The key is lost, guarded badly, or not this database's.
        DatabaseError: It refuses.
    """
    async with postgres.connection() as connection:
        expected: str | None = await connection.fetchval(sql("read_meta"), _NAME)
    if expected is None:
        async with postgres.transaction() as connection:
            await connection.execute(sql("lock_for_transaction"), _NAME)
            expected = await connection.fetchval(sql("read_meta"), _NAME)
            if expected is None:
                return await _first_use(connection, postgres, file)
    if not await asyncio.to_thread(file.exists):
        raise VaultError(
            f"key file {file.path}: is missing, and database {postgres.place} holds data sealed "
            "with it; restore the file from where it was backed up"
        )
    key = await asyncio.to_thread(file.read)
    if key.check_value() != expected:
        raise VaultError(
            f"key file {file.path}: is not the key that database {postgres.place} was written "
            "with; restore the right file, or correct database.url"
        )
    return key


async def _first_use(connection: Connection, postgres: Postgres, file: KeyFile) -> KeyEncryptionKey:
    if await connection.fetchval(sql("any_patient")):
        raise VaultError(
            f"database {postgres.place}: holds patients and does not say by which key; restore it "
            "and its key file from the same backup"
        )
    present = await asyncio.to_thread(file.exists)
    key = await asyncio.to_thread(file.read if present else file.create)
    await connection.execute(sql("write_meta"), _NAME, key.check_value())
    return key
