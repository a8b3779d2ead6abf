"""A decoded picture on its way from a camera to the matcher."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from matcher.face import Image


def _nothing() -> None:
    """Release a frame that holds no shared memory."""


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One analysed frame. Whoever consumes it calls `release` once; calling it again is harmless.

    Attributes:
        camera_id: Which camera.
        sequence: Counts this camera's analysed frames over all connections, from 0.
        captured_at: UTC, when the picture arrived here.
        received_at: Monotonic seconds of the same moment.
        pts: Presentation time in seconds; only comparable within one connection.
        image: RGB, full resolution, read-only; invalid after `release`.
        release: Gives the picture's memory back to the decoder.
    """

    camera_id: str
    sequence: int
    captured_at: datetime
    received_at: float
    pts: float | None
    image: Image = field(repr=False)
    release: Callable[[], None] = field(default=_nothing, repr=False)
