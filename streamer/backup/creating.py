"""`kirdi backup create`: a dump of the database and a signed manifest. Never the key."""

import asyncio
import os
import secrets
import shutil
from collections.abc import Sequence
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from uuid import uuid4

from streamer.backend import Backend
from streamer.backup.manifest import DUMP, MANIFEST, SIGNED_FOR, Manifest, measure
from streamer.backup.tools import PostgresTools
from streamer.domain.actor import Actor
from streamer.domain.audit_event import AuditAction, AuditEvent, AuditKind
from streamer.errors import BackupError
from streamer.storage.audit import append
from streamer.storage.queries import sql


async def create_backup(
    backend: Backend, tools: PostgresTools, folder: Path, by: Actor
) -> Manifest:
    """Write a backup; the folder appears whole or not at all.

    Args:
        backend: Open; what it backs up goes on meanwhile.
        tools: That fit its server.
        folder: Must not be there yet.
        by: Who makes it.

    Raises:
        BackupError: It cannot be written.
        DatabaseError: The database refuses.
    """
    if await asyncio.to_thread(os.path.lexists, folder):
        raise BackupError(f"backup {folder}: is there already; name a folder that is not")
    database, site_id = backend.database, backend.settings.site.id
    draft = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}")
    try:
        await asyncio.to_thread(_make_folder, draft)
        async with database.postgres.connection() as connection:
            taken_at = await connection.fetchval(sql("moment"))
            database_id = await connection.fetchval(sql("read_meta"), "database_id")
            revision = await connection.fetchval("SELECT version_num FROM alembic_version")
            before = await connection.fetch(sql("keys_in_force"))
        await tools.dump(draft / DUMP, site_id)
        async with database.postgres.connection() as connection:
            after = await connection.fetch(sql("keys_in_force"))
        # A rotation may have begun or ended meanwhile: whoever restores then needs both keys.
        in_force = {row["key_id"] for row in [*before, *after] if row["state"] != "announced"}
        signer = database.vault.ring.current_id
        manifest = Manifest(
            backup_id=str(uuid4()),
            taken_at=taken_at,
            database_id=database_id,
            site_id=site_id,
            kirdi=version("kirdi"),
            revision=revision,
            key_ids=(signer, *sorted(in_force - {signer})),
            files={DUMP: await asyncio.to_thread(measure, draft / DUMP)},
        )
        signature = database.vault.ring.sign(SIGNED_FOR, manifest.message())
        await asyncio.to_thread(_finish, draft, folder, manifest.text(signature))
    except OSError as error:
        raise BackupError(
            f"backup {folder}: cannot be written ({error.strerror}); make room, or name another "
            "folder"
        ) from error
    finally:
        await asyncio.to_thread(shutil.rmtree, draft, ignore_errors=True)
    async with database.postgres.transaction() as connection:
        await append(connection, site_id, _events(backend, by, manifest))
    return manifest


def _events(backend: Backend, by: Actor, manifest: Manifest) -> Sequence[AuditEvent]:
    return [
        AuditEvent(
            AuditKind.EXPORT,
            AuditAction.READ,
            by.name,
            backend.clock.now(),
            entity_type="backup",
            entity_id=manifest.backup_id,
            detail=(("bytes", manifest.files[DUMP].size),),
        )
    ]


def _make_folder(draft: Path) -> None:
    draft.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft.mkdir(mode=0o700)


def _finish(draft: Path, folder: Path, manifest: str) -> None:
    """Have everything on the disk, and only then under its name."""
    (draft / MANIFEST).write_text(manifest, encoding="utf-8")
    for file in draft.iterdir():
        file.chmod(0o600)
        _sync(file)
    _sync(draft)
    draft.rename(folder)
    with suppress(OSError):
        _sync(folder.parent)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
