"""Rotations, and what opens after them. Used by `test_keys` and `test_key_rotation`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from streamer.crypto.key_source import KeySources
from streamer.domain.actor import SERVICE
from streamer.domain.template import Template
from streamer.storage.database import Database
from streamer.storage.gallery_source import unsealed
from streamer.storage.key_exchange import KeyExchange
from streamer.storage.key_rotation import KeyRotation
from streamer.storage.postgres import Connection
from tests.integration.storage.clinic import SITE, Clinic

ALL_TEMPLATES = """
    SELECT t.template_id, t.patient_id, t.pack_id, t.sealed_vector, true AS own_key, k.wrapped_key
    FROM templates t JOIN template_keys k USING (template_id)
"""


def rotation_of(clinic: Clinic) -> KeyRotation:
    base = clinic.database
    return KeyRotation(base.postgres, base.vault, SITE.id, clinic.clock)


async def rotate(clinic: Clinic, sources: KeySources) -> int:
    """As `kirdi vault rotate` does; return how many keys were wrapped anew."""
    exchange = KeyExchange(rotation_of(clinic), clinic.database.vault, sources, clinic.clock)
    return (await exchange.run(SERVICE, None, 0, lambda _: None)).rows


async def opened(database: Database) -> list[Template]:
    """Every template; all of them have to open."""
    async with database.postgres.connection() as connection:
        rows = await connection.fetch(ALL_TEMPLATES)
    templates, damaged = unsealed(rows, database.vault)
    assert damaged == []
    return templates


@asynccontextmanager
async def undone(clinic: Clinic) -> AsyncIterator[Connection]:
    """A transaction of the owner that is rolled back at its end."""
    async with clinic.as_owner() as connection:
        transaction = connection.transaction()
        await transaction.start()
        try:
            yield connection
        finally:
            await transaction.rollback()
