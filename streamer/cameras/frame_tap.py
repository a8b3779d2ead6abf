"""Hands pictures that the analysis has looked at to whoever shows them. One for each camera.

Nothing is copied while nobody looks. The latest picture only: who is slow misses some.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from matcher.face import Face
from streamer.cameras.latest_tap import Latest, LatestTap
from streamer.domain.frame import Frame
from streamer.domain.seen_frame import SeenFrame

_WIDEST_PX: Final = 1920
_MOST: Final = 4
"""Encoders of one camera; all who look share one."""


SeenFrames = Latest[SeenFrame]
"""The latest picture that has not been taken yet."""


class FrameTap(LatestTap[SeenFrame]):
    """Belongs to the event loop, as the pipelines that fill it do."""

    def __init__(self) -> None:
        """Begin with nobody."""
        super().__init__(_MOST)

    def seen(self, frame: Frame, faces: Sequence[Face] | None) -> None:
        """A picture has been looked at, and is still there. Never waits.

        Args:
            frame: The picture.
            faces: All that were found in it; None = none was looked for.
        """
        if not self.wanted:
            return
        step = -(-frame.image.shape[1] // _WIDEST_PX)
        image = np.array(frame.image[::step, ::step], order="C")
        boxes = None
        if faces is not None:
            boxes = tuple(_scaled(face.bbox, step) for face in faces)
        self.put(SeenFrame(frame.received_at, image, boxes))


def _scaled(box: tuple[float, float, float, float], step: int) -> tuple[float, float, float, float]:
    x1, y1, x2, y2 = box
    return (x1 / step, y1 / step, x2 / step, y2 / step)
