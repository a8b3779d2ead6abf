"""What the audit keeps of somebody's looking: who, at which camera, how, and for how long."""

from datetime import datetime

from streamer.domain.audit_event import AuditAction, AuditEvent, AuditKind
from streamer.web.media.viewer import Viewer


def opening(viewer: Viewer) -> AuditEvent:
    """Somebody begins to look."""
    return _event(viewer, viewer.opened_at, "opened", ())


def closing(viewer: Viewer, reason: str, now: datetime, seconds: float) -> AuditEvent:
    """Somebody has ceased to.

    Args:
        viewer: Who.
        reason: A code: `closed`, `peer`, `unreachable`, `silent`, `age`, `revoked`, `camera`,
            `shutdown`, `failed`.
        now: UTC.
        seconds: For how long they looked.
    """
    return _event(viewer, now, reason, (("seconds", round(seconds, 1)),))


def _event(
    viewer: Viewer, at: datetime, reason: str, more: tuple[tuple[str, float], ...]
) -> AuditEvent:
    return AuditEvent(
        AuditKind.LIVE_VIEW,
        AuditAction.READ,
        viewer.account,
        at,
        entity_type="Camera",
        entity_id=viewer.camera_id,
        reason=reason,
        detail=(("viewer", viewer.viewer_id), ("view", viewer.view.value), *more),
    )
