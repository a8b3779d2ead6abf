"""What one camera was doing from when to when, as stored. Read by `reports.coverage`."""

from dataclasses import dataclass
from datetime import datetime

from streamer.domain.camera_state import CameraStatus


@dataclass(frozen=True, slots=True)
class UptimeInterval:
    """Half-open, aware, UTC. Intervals of one camera do not overlap."""

    camera_id: str
    status: CameraStatus
    reason: str
    started_at: datetime
    ended_at: datetime
