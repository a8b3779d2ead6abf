"""`kirdi backup restore`: loads a backup into an empty database, and erases again what was since.

Until the end of that nobody else can open the database; a restore that was killed is run again and
goes on where it was. See docs/design/0018.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import structlog

from config.settings import Settings
from streamer.backup.manifest import (
    DUMP,
    Manifest,
    check_files,
    check_signature,
    read_manifest,
)
from streamer.backup.registers import find_registers, genuine, refuse_older, together
from streamer.backup.restored_accounts import RestoredAccounts, disable_accounts
from streamer.backup.restored_audit import RestoredAudit, note_restored_audit
from streamer.backup.tools import PostgresTools
from streamer.clock import Clock
from streamer.crypto.key import KeyEncryptionKey
from streamer.crypto.key_finder import KeyFinder
from streamer.crypto.key_source import KeySources
from streamer.domain.actor import Actor
from streamer.domain.audit_event import AuditAction, AuditEvent, AuditKind
from streamer.embedded.services import embedded_services
from streamer.errors import BackupError, DatabaseError
from streamer.home_site import claim_home
from streamer.key_places import key_places
from streamer.service_lock import only_service_of
from streamer.storage.accounts import PostgresAccounts
from streamer.storage.audit import append
from streamer.storage.database import Database, open_database
from streamer.storage.database_role import DatabaseRole
from streamer.storage.erasure_register import ErasureRegister, Register
from streamer.storage.postgres import Postgres
from streamer.storage.queries import sql
from streamer.storage.register_file import RegisterError
from streamer.storage.remnants import Remnants
from streamer.storage.restoring import Settled, settle
from streamer.storage.schema import migrate
from streamer.storage.site_logins import serve_site
from streamer.stores.audit_stores import checkpoint_path
from streamer.stores.erasing import (
    eraser_of,
    patient_erasure_of,
    register_of,
    register_seal_of,
)

log = structlog.get_logger(__name__)

_ANALYZE_TIMEOUT_S = 600.0


@dataclass(frozen=True, slots=True)
class Restored:
    """What became of it.

    Attributes:
        taken_at: When the backup was taken.
        complete_to: Up to when the register knew of withdrawals; None = restored without one.
        settled: What the backup had brought back, and what was erased again.
        accounts: Which accounts may sign in.
        obstacle: Why the database's log cannot be cleaned of it yet; None = it is clean.
        audit: How the audit agrees with the checkpoints of before; None = it was not compared.
    """

    taken_at: datetime | None
    complete_to: datetime | None
    settled: Settled
    accounts: RestoredAccounts
    obstacle: str | None
    audit: RestoredAudit | None = None


@dataclass(frozen=True, slots=True)
class RestoreWish:
    """What was asked for.

    Attributes:
        folder: The backup's.
        registers: Where else registers of erasures are.
        without_register: Restore though nobody knows who withdrew since.
        by: Who restores.
        keep_accounts: Whose accounts are not disabled.
    """

    folder: Path
    registers: tuple[Path, ...]
    without_register: bool
    by: Actor
    keep_accounts: tuple[str, ...] = ()


async def restore_backup(
    settings: Settings, home: Path, wish: RestoreWish, clock: Clock
) -> Restored:
    """Restore into an empty database.

    Raises:
        BackupError: The backup was changed, its key is not here, the database is not empty, or the
            register is older; nothing was written then.
        KirdiError: Something else is in the way; run it again when it is not.
    """
    keys = key_places(settings.keys, home)
    manifest, signature = await asyncio.to_thread(read_manifest, wish.folder)
    if manifest.site_id != settings.site.id:
        raise BackupError(
            f"backup {wish.folder}: is of site {manifest.site_id}, and site.id is "
            f"{settings.site.id}; correct the settings, or take the right backup"
        )
    signer, *_ = await asyncio.to_thread(_keys_of, wish.folder, manifest, keys)
    check_signature(wish.folder, manifest, signature, signer)
    await asyncio.to_thread(check_files, wish.folder, manifest)
    folders = (home / "register", *settings.backup.register_copies, *wish.registers)
    found = await asyncio.to_thread(find_registers, folders, manifest.database_id, settings.site.id)
    if not wish.without_register:
        refuse_older(together(found), manifest, folders)
    await asyncio.to_thread(claim_home, home, settings.site.id)
    async with (
        only_service_of(home),
        embedded_services(settings.database, None, home) as services,
    ):
        owner_url = services.url_as(DatabaseRole.OWNER)
        tools = await asyncio.to_thread(PostgresTools.of, settings, home, owner_url)
        await _load(settings, wish.folder, manifest, tools)
        await migrate(owner_url, settling=True)
        await serve_site(owner_url, settings.site, services.login_urls, anew=True)
        async with open_database(
            services.database_url, settings.database, settings.site, keys, settling=True
        ) as database:
            # Now that the key to their seals is there.
            seal = register_seal_of(settings, database)
            register = together(genuine(found, seal, all_of_them=not wish.without_register))
            complete_to = None if register is None else register.as_of
            # Before anything is added to it.
            path = checkpoint_path(settings, home)
            audit = await note_restored_audit(
                database, path, settings.site.id, manifest.backup_id, clock
            )
            restored = await _settle(
                settings, home, database, register, clock, (wish, manifest, complete_to)
            )
        await _open_to_all(settings, owner_url)
        return replace(restored, audit=audit)


async def settle_database(
    settings: Settings, home: Path, wish: RestoreWish, clock: Clock
) -> Restored:
    """Erase again what the register names in a database that was restored by other means.

    Raises:
        BackupError: There is no register of this database.
        KirdiError: Something else is in the way.
    """
    keys = key_places(settings.keys, home)
    await asyncio.to_thread(claim_home, home, settings.site.id)
    async with (
        only_service_of(home),
        embedded_services(settings.database, None, home) as services,
        open_database(
            services.database_url, settings.database, settings.site, keys, settling=True
        ) as database,
    ):
        async with database.postgres.connection() as connection:
            database_id = await connection.fetchval(sql("read_meta"), "database_id")
            if await connection.fetchval(sql("is_being_restored")):
                raise BackupError(
                    "backup: a restore is not finished; run `kirdi backup restore` once more"
                )
        folders = (home / "register", *settings.backup.register_copies, *wish.registers)
        found = await asyncio.to_thread(find_registers, folders, database_id, settings.site.id)
        register = together(genuine(found, register_seal_of(settings, database)))
        if register is None:
            raise BackupError(
                "backup: there is no register of erasures of this database; give its folder by "
                "--register"
            )
        return await _settle(
            settings, home, database, register, clock, (wish, None, register.as_of)
        )


def _keys_of(folder: Path, manifest: Manifest, keys: KeySources) -> Sequence[KeyEncryptionKey]:
    """The keys a backup needs, the signer first. Blocks."""
    finder = KeyFinder((keys.primary, keys.next))
    found = [finder.find(one, wait=True) for one in manifest.key_ids]
    present = [one for one in found if one is not None]
    if len(present) < len(manifest.key_ids):
        missing = manifest.key_ids[found.index(None)]
        raise BackupError(
            f"backup {folder}: needs key {missing}, which is at neither {keys.primary.name} nor "
            f"{keys.next.name}; restore that key first, from where it was backed up (a retired "
            f"one has {missing} in its name); nothing was written"
        )
    return present


async def _load(settings: Settings, folder: Path, manifest: Manifest, tools: PostgresTools) -> None:
    """Load the dump, unless an earlier attempt came so far."""
    postgres = Postgres(tools.url, settings.database)
    await postgres.open()
    try:
        async with postgres.connection() as connection:
            restoring: bool = await connection.fetchval(sql("is_being_restored"))
            filled: bool = await connection.fetchval(sql("has_schema"))
            if restoring:
                begun = await connection.fetchval(sql("backup_being_restored"))
                if begun is not None and begun != manifest.backup_id and filled:
                    raise BackupError(
                        f"database {postgres.place}: another backup ({begun}) has been loaded into "
                        "it and is not finished; restore that one, or begin with an empty database"
                    )
            elif filled:
                raise BackupError(
                    f"database {postgres.place}: is not empty, and a restore overwrites nothing; "
                    "stop everything, move the folder `embedded` of the home folder away (a server "
                    "of your own: create a new database and correct database.url), and try again"
                )
        if restoring and filled:
            return
        async with postgres.transaction() as connection:
            # From here on nobody else opens it, whatever happens to this process.
            await connection.execute(sql("begin_restore"))
            await connection.execute("DELETE FROM kirdi_restore")
            await connection.execute(sql("note_restore"), manifest.backup_id)
    finally:
        await postgres.close()
    await tools.restore(folder / DUMP, manifest.site_id)


async def _open_to_all(settings: Settings, owner_url: str) -> None:
    """Take the mark away: everything that was erased is erased again."""
    postgres = Postgres(owner_url, settings.database)
    await postgres.open()
    try:
        async with postgres.connection() as connection:
            await connection.execute(sql("end_restore"))
            # A dump brings no statistics, and without them queries take a hundred times as long.
            await connection.execute("ANALYZE", timeout=_ANALYZE_TIMEOUT_S)
    finally:
        await postgres.close()


async def _settle(
    settings: Settings,
    home: Path,
    database: Database,
    register: Register | None,
    clock: Clock,
    what: tuple[RestoreWish, Manifest | None, datetime | None],
) -> Restored:
    wish, manifest, complete_to = what
    postgres, site_id, now = database.postgres, settings.site.id, clock.now()
    entries = () if register is None else register.entries
    settled = await settle(
        postgres,
        eraser_of(settings, database),
        site_id,
        entries,
        wish.by,
        now,
        patient_erasure_of(settings, database),
    )
    accounts = await disable_accounts(
        PostgresAccounts(postgres, site_id), wish.keep_accounts, wish.by, now
    )
    own = register_of(settings, home, database)
    if register is not None:
        await _adopt(own, database, register)
    async with postgres.transaction() as connection:
        event = AuditEvent(
            AuditKind.IMPORT,
            AuditAction.EXECUTE,
            wish.by.name,
            clock.now(),
            entity_type="backup",
            entity_id=manifest.backup_id if manifest is not None else "",
            reason="restored" if register is not None else "restored without register",
            detail=(
                ("patients_erased_again", settled.patients),
                ("complete_to", complete_to.isoformat() if complete_to else None),
                ("accounts_kept", len(accounts.kept)),
            ),
        )
        await append(connection, site_id, [event])
        await own.settled(connection, entries)
    try:
        obstacle = (await Remnants(postgres, clock, own).destroy()).obstacle
    except DatabaseError as error:
        obstacle = f"{error}; the running service goes on with it"
    taken_at = None if manifest is None else manifest.taken_at
    return Restored(taken_at, complete_to, settled, accounts, obstacle)


async def _adopt(own: ErasureRegister, database: Database, register: Register) -> None:
    """While nobody else can open the database: the home folder must not know less than it."""
    async with database.postgres.connection() as connection:
        database_id: str = await connection.fetchval(sql("read_meta"), "database_id")
    try:
        await own.adopt(database_id, register)
    except RegisterError as error:
        log.warning("register of erasures not complete", reason=str(error))
