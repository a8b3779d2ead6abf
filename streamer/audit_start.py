"""What the service does about its audit when it starts. Called by `app`."""

from streamer.acting import acting
from streamer.audit_keeper import AuditKeeper
from streamer.backend import Backend
from streamer.exchange.checkpoint_post import CheckpointPost
from streamer.settings_record import SettingsRecord


async def begin_audit(backend: Backend) -> AuditKeeper:
    """Record the start and what changed of the settings, and make what keeps checkpoints.

    Raises:
        DatabaseError: It could not be recorded; the service does not start.
    """
    settings, home, clock = backend.settings, backend.home, backend.clock
    record = SettingsRecord(home, backend.database.checkpoint_seal)
    await record.keep(settings, backend.audit_log, acting(settings), clock.now())
    audit = settings.audit
    return AuditKeeper(
        backend.audit_log,
        backend.checkpoint_file,
        None if audit.checkpoint_url is None else CheckpointPost(audit),
        home,
        audit.checkpoint_s,
        clock,
    )
