"""Live views."""

from datetime import datetime

from pydantic import Field

from streamer.domain.camera_state import CameraStatus
from streamer.web.media.view import View
from streamer.web.models.base import Answer


class LiveView(Answer):
    """Somebody's view of a camera.

    With the RTP time of a picture, as browsers tell it (`requestVideoFrameCallback`), its capture
    is `captured_at` + ((rtp - `rtp_timestamp`) mod 2^32) / 90000 seconds.
    """

    viewer_id: str
    camera_id: str
    view: View
    opened_at: datetime
    rtp_timestamp: int | None = Field(description="null until something was sent")
    captured_at: datetime | None = Field(description="the capture that belongs to it")
    clock_rate: int = Field(90_000, description="of RTP times, a second")
    dropped: int = Field(description="packets this viewer lost because it did not take them")
    reason: str = Field(
        description="why the camera shows nothing, or not well; empty while it does"
    )
    camera_status: CameraStatus | None = Field(
        description="of its main stream; null where there is no such camera any more"
    )
    camera_since: datetime | None = Field(description="since when it is so")
