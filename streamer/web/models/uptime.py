"""What a camera did on a day."""

from datetime import date, datetime

from pydantic import Field

from streamer.domain.camera_state import CameraStatus
from streamer.web.models.base import Answer


class UptimeInterval(Answer):
    """What it did from when to when, cut to the day."""

    status: CameraStatus
    reason: str = Field(description="why it was not streaming; empty while it streamed")
    begins_at: datetime
    ends_at: datetime


class Uptime(Answer):
    """One camera's day."""

    camera_id: str
    date: date
    intervals: list[UptimeInterval] = Field(description="by time; what lies between is unwatched")
    seconds: dict[CameraStatus, float] = Field(description="of the day so far, by status")
    unwatched_s: float = Field(description="no service ran, or it did not know the camera")
