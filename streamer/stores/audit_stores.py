"""Stores of the audit and its checkpoints."""

import asyncio
from datetime import timedelta
from pathlib import Path

import structlog

from config.settings import Settings
from streamer.errors import KirdiError
from streamer.storage.audit_check import AuditCheck
from streamer.storage.audit_log import AuditLog
from streamer.storage.audit_verification import AuditVerification
from streamer.storage.checkpoint_file import CheckpointFile
from streamer.stores.site_stores import SiteStores

log = structlog.get_logger(__name__)


def checkpoint_path(settings: Settings, home: Path) -> Path:
    """Where the audit's checkpoints are."""
    return settings.audit.checkpoint_file or home / "audit" / "checkpoints.jsonl"


class AuditStores(SiteStores):
    """The audit, and where its ends are kept."""

    __slots__ = ()

    @property
    def audit_log(self) -> AuditLog:
        """Reads the audit, and keeps what belongs to no other store."""
        return AuditLog(self.database.postgres, self.settings.site.id, self.clock)

    @property
    def audit_check(self) -> AuditCheck:
        """Looks at every event, and at the checkpoints."""
        site_id = self.settings.site.id
        return AuditCheck(
            self.audit_log,
            AuditVerification(self.database.postgres, site_id),
            self.database.checkpoint_seal,
            site_id,
            checkpoint_path(self.settings, self.home),
            timedelta(seconds=self.settings.audit.checkpoint_s),
            self.clock,
        )

    @property
    def checkpoint_file(self) -> CheckpointFile:
        """Where the ends of the audit's chains are kept besides the database."""
        path = checkpoint_path(self.settings, self.home)
        return CheckpointFile(path, self.database.checkpoint_seal, self.settings.site.id)

    async def leave_checkpoint(self) -> None:
        """Keep where the audit ends now; that it cannot be kept is told and harms nothing."""
        try:
            heads = await self.audit_log.heads()
            await asyncio.to_thread(self.checkpoint_file.append, heads, self.clock.now())
        except KirdiError as error:
            log.warning("audit checkpoint not kept", reason=str(error))
