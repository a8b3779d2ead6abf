"""Cuts a face out of a frame for a person to look at. Pure; called by `pipeline`."""

from typing import Final

from matcher.face import Face, Image

# Half a face's width around it: hair, ears and collar help a person more than pixels do.
_MARGIN: Final = 0.5
MAX_SIDE: Final = 256


def crop_of(image: Image, face: Face) -> Image:
    """Copy a face with its surroundings, at most 256 pixels a side.

    Args:
        image: uint8 (h, w, 3) RGB; only read.
        face: Found in it.

    Returns:
        uint8 (h', w', 3), memory of its own; every n-th pixel of a face that is larger.
    """
    height, width = image.shape[:2]
    x1, y1, x2, y2 = face.bbox
    margin = _MARGIN * (x2 - x1)
    left, right = (round(min(max(x, 0.0), width)) for x in (x1 - margin, x2 + margin))
    top, bottom = (round(min(max(y, 0.0), height)) for y in (y1 - margin, y2 + margin))
    step = max(1, -(-max(right - left, bottom - top) // MAX_SIDE))
    return image[top:bottom:step, left:right:step].copy()
