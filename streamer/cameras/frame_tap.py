"""Hands pictures that the analysis has looked at to whoever shows them. One for each camera.

Nothing is copied while nobody looks. The latest picture only: who is slow misses some.
"""

import asyncio
from collections.abc import Sequence
from types import TracebackType
from typing import Final, Self

import numpy as np

from matcher.face import Face
from streamer.domain.frame import Frame
from streamer.domain.seen_frame import SeenFrame
from streamer.errors import KirdiError

_WIDEST_PX: Final = 1920
_MOST: Final = 4
"""Encoders of one camera; all who look share one."""


class SeenFrames:
    """The latest picture that has not been taken yet; a context manager that ends it."""

    def __init__(self, tap: "FrameTap") -> None:
        """Begin without any; made by `FrameTap.subscribe`."""
        self._tap = tap
        self._latest: SeenFrame | None = None
        self._ended = False
        self._news = asyncio.Event()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    async def get(self) -> SeenFrame | None:
        """The next one; None once there will be no more."""
        while self._latest is None:
            if self._ended:
                return None
            self._news.clear()
            await self._news.wait()
        taken, self._latest = self._latest, None
        return taken

    def put(self, seen: SeenFrame) -> None:
        """Replace what has not been taken."""
        if not self._ended:
            self._latest = seen
            self._news.set()

    def close(self) -> None:
        """Look no more; harmless to repeat."""
        self._ended = True
        self._latest = None
        self._news.set()
        self._tap.left(self)


class FrameTap:
    """Belongs to the event loop, as the pipelines that fill it do."""

    def __init__(self) -> None:
        """Begin with nobody."""
        self._takers: set[SeenFrames] = set()
        self._closed = False

    def subscribe(self) -> SeenFrames:
        """Begin to take pictures.

        Raises:
            KirdiError: The camera is being stopped, or too many do.
        """
        if self._closed or len(self._takers) >= _MOST:
            raise KirdiError("camera: it is being stopped; try again")
        taker = SeenFrames(self)
        self._takers.add(taker)
        return taker

    def seen(self, frame: Frame, faces: Sequence[Face] | None) -> None:
        """A picture has been looked at, and is still there. Never waits.

        Args:
            frame: The picture.
            faces: All that were found in it; None = none was looked for.
        """
        if not self._takers:
            return
        step = -(-frame.image.shape[1] // _WIDEST_PX)
        image = np.array(frame.image[::step, ::step], order="C")
        boxes = None
        if faces is not None:
            boxes = tuple(_scaled(face.bbox, step) for face in faces)
        seen = SeenFrame(frame.received_at, image, boxes)
        for taker in self._takers:
            taker.put(seen)

    def left(self, taker: SeenFrames) -> None:
        """Somebody looks no more."""
        self._takers.discard(taker)

    def close(self) -> None:
        """The camera ends, and so does everybody's looking."""
        self._closed = True
        for taker in tuple(self._takers):
            taker.close()


def _scaled(box: tuple[float, float, float, float], step: int) -> tuple[float, float, float, float]:
    x1, y1, x2, y2 = box
    return (x1 / step, y1 / step, x2 / step, y2 / step)
