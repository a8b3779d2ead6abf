"""Makes faces in a picture unrecognisable. Pure; used by `blurred_feed`.

A face is covered where it was found in the very picture, and for two seconds wherever one was found
before: a detector that misses it once, or a head that turns away, uncovers nobody.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from matcher.face import Image
from streamer.domain.seen_frame import Box, SeenFrame

_MARGIN: Final = 0.4
"""Of the box, on each side: hair and ears belong to a face, and the box is the detector's."""
_KEPT_S: Final = 2.0
_GROWTH: Final = 0.3
"""Of the box, each second since it was found: whoever is not found now may have moved."""
_CELLS: Final = 4
"""Across a cover, margin included: a face is two cells wide."""
_CELLS_OF_ALL: Final = 24
"""Across a picture in which nobody has looked for faces."""
_MOST: Final = 256
"""More covers than that, and the whole picture is one."""


class FaceCover:
    """One camera's pictures, in order."""

    def __init__(self) -> None:
        """Begin without faces."""
        self._found: list[tuple[float, Box]] = []

    def covered(self, seen: SeenFrame) -> Image:
        """Return the picture with every face covered; the picture itself is changed."""
        image = seen.image
        boxes = seen.faces
        if boxes is None:
            self._found.clear()
            return _coarse(image)
        self._found = [(at, box) for at, box in self._found if 0 <= seen.at - at <= _KEPT_S] + [
            (seen.at, box) for box in boxes
        ]
        if len(self._found) > _MOST:
            return _coarse(image)
        covers = [_grown(box, _MARGIN + _GROWTH * (seen.at - at)) for at, box in self._found]
        cover(image, covers)
        return image


def cover(image: Image, boxes: Sequence[Box]) -> None:
    """Replace each box by a few even cells, in place.

    Args:
        image: RGB, writeable.
        boxes: In its pixels; what lies outside is left out.
    """
    height, width = image.shape[:2]
    for x1, y1, x2, y2 in boxes:
        left, top = max(0, int(x1)), max(0, int(y1))
        right, bottom = min(width, int(np.ceil(x2))), min(height, int(np.ceil(y2)))
        if left < right and top < bottom:
            part = image[top:bottom, left:right]
            part[...] = _mosaic(part, _CELLS)


def _coarse(image: Image) -> Image:
    return _mosaic(image, _CELLS_OF_ALL)


def _grown(box: Box, share: float) -> Box:
    x1, y1, x2, y2 = box
    more = share * max(x2 - x1, y2 - y1)
    return (x1 - more, y1 - more, x2 + more, y2 + more)


def _mosaic(part: Image, across: int) -> Image:
    """The same area in cells of one colour each."""
    height, width = part.shape[:2]
    columns = min(across, width)
    rows = min(height, max(1, round(columns * height / width)))
    x, y = _edges(width, columns), _edges(height, rows)
    sums = np.add.reduceat(np.add.reduceat(part.astype(np.uint32), y, axis=0), x, axis=1)
    widths, heights = np.diff(x, append=width), np.diff(y, append=height)
    cells = (sums // (heights[:, None] * widths[None, :])[..., None]).astype(np.uint8)
    spread: Image = np.repeat(np.repeat(cells, heights, axis=0), widths, axis=1)
    return spread


def _edges(length: int, parts: int) -> "np.ndarray[tuple[int], np.dtype[np.intp]]":
    return np.arange(parts, dtype=np.intp) * length // parts
