"""Finds the registers of erasures that know what happened since a backup. Used by `restoring`."""

from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

from streamer.backup.manifest import Manifest
from streamer.domain.erased import Erased
from streamer.errors import BackupError
from streamer.storage.erasure_register import Register, read_register


def find_register(folders: Sequence[Path], database_id: str) -> Register | None:
    """Put together what the registers in several folders say; None = there is none. Blocks.

    Raises:
        DatabaseError: One of them is damaged.
    """
    found = [one for folder in folders if (one := read_register(folder, database_id))]
    if not found:
        return None
    entries: dict[UUID, Erased] = {entry.id: entry for one in found for entry in one.entries}
    return Register(
        max(one.as_of for one in found), tuple(sorted(entries.values(), key=lambda one: one.at))
    )


def refuse_older(register: Register | None, manifest: Manifest, folders: Sequence[Path]) -> None:
    """Refuse a register that knows nothing of the time after the backup.

    Raises:
        BackupError: There is none, or it ends before the backup was taken.
    """
    if register is not None and register.as_of > manifest.taken_at:
        return
    where = ", ".join(str(folder) for folder in folders)
    what = (
        "there is no register of erasures of this database"
        if register is None
        else f"the register of erasures ends at {register.as_of:%Y-%m-%d %H:%M} UTC, before the "
        f"backup of {manifest.taken_at:%Y-%m-%d %H:%M} UTC"
    )
    raise BackupError(
        f"backup: {what} (looked for in {where}). Without it, whoever withdrew after the backup "
        "would be recognised again. Give the folder of a newer one by --register; if there is "
        "none, --without-register restores all the same: then go through the signed withdrawals "
        "and the receipts since, and withdraw them again before the service is started"
    )
