"""Finds the registers of erasures that know what happened since a backup. Used by `restoring`."""

from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

import structlog

from streamer.backup.manifest import Manifest
from streamer.crypto.register_seal import RegisterSeal
from streamer.domain.erased import Erased
from streamer.errors import BackupError
from streamer.storage.erasure_register import ReadRegister, Register, read_register

log = structlog.get_logger(__name__)


def find_registers(
    folders: Sequence[Path], database_id: str, site_id: str
) -> tuple[ReadRegister, ...]:
    """Read a site's registers in several folders. Blocks.

    Raises:
        DatabaseError: One of them is damaged.
    """
    found = (read_register(folder, database_id, site_id) for folder in dict.fromkeys(folders))
    return tuple(one for one in found if one is not None)


def genuine(
    found: Sequence[ReadRegister], seal: RegisterSeal, *, all_of_them: bool = True
) -> tuple[ReadRegister, ...]:
    """Which of them were written by somebody with the database's key, and are whole.

    Args:
        found: As they were read.
        seal: Of the database.
        all_of_them: Refuse one that is not; else it is left out, and the log says so.

    Raises:
        BackupError: Lines of one were changed, removed or put in.
    """
    for one in found:
        if one.is_genuine(seal):
            continue
        told = (
            f"register of erasures {one.place}: is not as Kirdi wrote it; somebody may have taken "
            "out who withdrew. Find out who could write there; take the folder away, and give "
            "another copy by --register"
        )
        if all_of_them:
            raise BackupError(
                f"{told}; if there is none, --without-register restores without it. What was "
                "loaded stays closed to everybody: run the same command once more then"
            )
        log.warning("register of erasures left out", reason=told)
    return tuple(one for one in found if one.is_genuine(seal))


def together(found: Sequence[ReadRegister]) -> Register | None:
    """Put together what several registers say; None = there is none."""
    if not found:
        return None
    entries: dict[UUID, Erased] = {
        entry.id: entry for one in found for entry in one.register.entries
    }
    return Register(
        max(one.register.as_of for one in found),
        tuple(sorted(entries.values(), key=lambda one: one.at)),
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
