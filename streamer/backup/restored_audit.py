"""Holds a restored audit against the checkpoints of before. Called by `restoring`, once loaded.

It ends where the backup did, and checkpoints know of later events: to whoever verifies it that is
an end that was cut off. Only before anything is added can it be told from tampering: all that the
backup has must be as the checkpoints say. Where it is, the restore is noted beside them, sealed.
"""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from streamer.clock import Clock
from streamer.errors import InputError, KirdiError
from streamer.storage.audit_log import AuditLog
from streamer.storage.audit_verification import AuditVerification
from streamer.storage.checkpoint_file import CheckpointFile, is_there, read_checkpoints
from streamer.storage.database import Database


@dataclass(frozen=True, slots=True)
class RestoredAudit:
    """What it was found to be.

    Attributes:
        checkpoints: So many were here to compare with.
        lost: Events that they know of and the backup does not have.
        findings: What is not as they say, or not as it was written; none = it agrees.
        obstacle: Why the restore could not be noted beside them; None = it is.
    """

    checkpoints: int
    lost: int
    findings: tuple[str, ...]
    obstacle: str | None


async def note_restored_audit(
    database: Database, path: Path, site_id: str, backup_id: str, clock: Clock
) -> RestoredAudit:
    """Compare, and note the restore where it agrees; otherwise `kirdi audit verify` goes on saying.

    Args:
        database: Restored, and as it was loaded.
        path: Of the checkpoints; it need not be there.
        site_id: Whose audit.
        backup_id: What was restored.
        clock: For the note.

    Raises:
        DatabaseError: It refuses.
    """
    seal = database.checkpoint_seal
    paths = (path,) if await asyncio.to_thread(is_there, path) else ()
    try:
        read = await asyncio.to_thread(read_checkpoints, paths, seal, site_id)
    except InputError as error:
        return RestoredAudit(0, 0, (), str(error))
    heads = await AuditLog(database.postgres, site_id, clock).heads()
    lost = sum(read.known.cut(one.lane, one.sequence) for one in heads)
    verdict = await AuditVerification(database.postgres, site_id).verify(read.known)
    findings = (*verdict.findings, *read.findings)
    obstacle = None
    if not findings:
        file = CheckpointFile(path, seal, site_id)
        try:
            await asyncio.to_thread(file.append, heads, clock.now(), restored=backup_id)
        except KirdiError as error:
            obstacle = str(error)
    return RestoredAudit(read.lines, lost, findings, obstacle)
