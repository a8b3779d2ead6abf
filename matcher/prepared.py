"""A picture made ready for a detector's network: reduced and padded, never enlarged."""

from dataclasses import dataclass

import cv2
import numpy as np

from matcher.errors import MatcherError
from matcher.face import Image

MULTIPLE = 32
"""Both sides of the analysed picture are multiples of it: every detector halves five times."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A picture as the network takes it.

    Attributes:
        pixels: uint8 (height, width, 3), both multiples of 32, black at the right and bottom.
        scale_x: Analysed pixels per full-resolution pixel, across.
        scale_y: The same, down.
    """

    pixels: Image
    scale_x: float
    scale_y: float

    @classmethod
    def of(cls, image: Image, max_side: int) -> "Prepared":
        """A copy of the picture, its longer side `max_side` pixels at most.

        Raises:
            MatcherError: It is no uint8 (h, w, 3) array with pixels in it.
        """
        if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or image.size == 0:
            raise MatcherError(
                f"a picture must be uint8 (height, width, 3), not {image.dtype} {image.shape}"
            )
        height, width = image.shape[:2]
        scale = min(1.0, max_side / max(height, width))
        new_height, new_width = max(1, round(height * scale)), max(1, round(width * scale))
        canvas = np.zeros((_rounded_up(new_height), _rounded_up(new_width), 3), np.uint8)
        if scale < 1.0:
            image = np.asarray(
                cv2.resize(image, (new_width, new_height), interpolation=cv2.INTER_AREA),
                dtype=np.uint8,
            )
        canvas[:new_height, :new_width] = image
        return cls(canvas, new_width / width, new_height / height)


def _rounded_up(length: int) -> int:
    return -(-length // MULTIPLE) * MULTIPLE
