"""What a camera is doing, as operators and reports see it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class CameraStatus(StrEnum):
    """Either frames are coming, or there is a reason why not."""

    STARTING = "starting"
    STREAMING = "streaming"
    STALLED = "stalled"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class CameraState:
    """A camera's state since a moment, with its counters over the life of the service.

    Attributes:
        reason: Why it is not streaming, without secrets; empty while it streams.
        decoded: Frames decoded in all.
        analysed: Frames handed to the pipeline.
        dropped: Frames meant for analysis that were replaced by a newer one.
        corrupt: Frames the decoder marked corrupt; never analysed.
        restarts: Decoder processes started after the first.
        remarks: What an operator should know about it in any status, for example that its
            certificate is not verified.
    """

    camera_id: str
    status: CameraStatus
    reason: str
    since: datetime
    decoded: int = 0
    analysed: int = 0
    dropped: int = 0
    corrupt: int = 0
    restarts: int = 0
    remarks: tuple[str, ...] = ()
