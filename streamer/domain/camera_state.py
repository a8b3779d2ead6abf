"""What a camera is doing, as operators and reports see it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class CameraStatus(StrEnum):
    """Either frames are coming, or there is a reason why not.

    `degraded` is both: frames come, but such that people may be missed. Whether that counts as
    coverage is for a report to decide; it is told the reason.
    """

    STARTING = "starting"
    STREAMING = "streaming"
    DEGRADED = "degraded"
    STALLED = "stalled"
    DOWN = "down"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True)
class CameraState:
    """A camera's state since a moment, with its counters over the life of the service.

    Attributes:
        reason: Why it is not streaming, without secrets; empty while it streams.
        since: When the status began; a new reason for the same status does not move it.
        decoded: Frames decoded in all.
        analysed: Frames handed to the pipeline.
        dropped: Frames meant for analysis that were replaced by a newer one, or came too late.
        still: Frames meant for analysis in which nothing moved; they were left out.
        corrupt: Frames the decoder marked corrupt; never analysed.
        restarts: Decoder processes started after the first.
        recycled: Decoder processes among them that had grown too large.
        decoding: What is decoded by what, once known, such as "h264 1920x1080, software".
        remarks: What an operator should know about it in any status, for example that its
            certificate is not verified.
        changed_at: When the reason or the status became what it is; None = at `since`. It may lie
            before the moment this was found out: a stalled camera changed with its last frame.
    """

    camera_id: str
    status: CameraStatus
    reason: str
    since: datetime
    decoded: int = 0
    analysed: int = 0
    dropped: int = 0
    still: int = 0
    corrupt: int = 0
    restarts: int = 0
    recycled: int = 0
    decoding: str = ""
    remarks: tuple[str, ...] = ()
    changed_at: datetime | None = None
