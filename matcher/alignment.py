"""Cuts a face out of the full-resolution picture, its landmarks where the embedder wants them."""

import cv2
import numpy as np
import numpy.typing as npt

from matcher.chip import DLIB_CHIP, ChipLayout
from matcher.errors import MatcherError
from matcher.face import Image, Vector

CHIP_PX = DLIB_CHIP.side_px
CHIP_POINTS: Vector = np.array(DLIB_CHIP.points, np.float32)

_Matrix = npt.NDArray[np.float64]
_SMOOTH_BELOW = 0.7
"""Reducing more than this, bilinear sampling alone would skip pixels."""


def similarity(source: Vector, target: Vector = CHIP_POINTS) -> _Matrix:
    """The turn, scale and shift that best carry the source points onto the target points.

    Least squares after Umeyama (1991), "Least-squares estimation of transformation parameters
    between two point patterns". In the plane, without reflection, points are complex numbers and
    the solution is one quotient.

    Args:
        source: (n, 2), pixels.
        target: (n, 2), pixels.

    Returns:
        float64 (2, 3): apply to (x, y, 1).

    Raises:
        MatcherError: The points are not finite or lie on one spot.
    """
    if not np.isfinite(source).all():
        raise MatcherError("landmarks are no numbers; there is no face to align")
    a = _complex(source)
    b = _complex(target)
    a_mean, b_mean = a.mean(), b.mean()
    spread = float(np.sum(np.abs(a - a_mean) ** 2))
    if spread < 1e-6:
        raise MatcherError("landmarks lie on one spot; there is no face to align")
    turn = np.sum(np.conj(a - a_mean) * (b - b_mean)) / spread
    if abs(turn) < 1e-9:
        raise MatcherError("landmarks do not resemble a face; there is nothing to align")
    shift = b_mean - turn * a_mean
    return np.array([[turn.real, -turn.imag, shift.real], [turn.imag, turn.real, shift.imag]])


def align(image: Image, landmarks: Vector, chip: ChipLayout = DLIB_CHIP) -> Image:
    """The face as a chip: uint8 (side, side, 3) RGB, black where the picture ends.

    Args:
        image: The full-resolution picture, uint8 (h, w, 3).
        landmarks: (5, 2), pixels of that picture.
        chip: Its size, and where the landmarks shall lie in it.

    Raises:
        MatcherError: The landmarks lie on one spot.
    """
    side = chip.side_px
    matrix = similarity(landmarks, np.array(chip.points, np.float32))
    scale = float(np.hypot(matrix[0, 0], matrix[1, 0]))
    if scale < _SMOOTH_BELOW:
        image, matrix = _reduced(image, matrix, scale, side)
    face = cv2.warpAffine(image, matrix, (side, side), flags=cv2.INTER_LINEAR)
    return np.asarray(face, dtype=np.uint8)


def _reduced(image: Image, matrix: _Matrix, scale: float, side: int) -> tuple[Image, _Matrix]:
    """The part of the picture the chip needs, averaged down to about the chip's resolution."""
    height, width = image.shape[:2]
    inverse = np.linalg.inv(np.vstack([matrix, [0.0, 0.0, 1.0]]))
    corners = np.array([[0, 0, 1], [side, 0, 1], [0, side, 1], [side, side, 1]])
    points = corners @ inverse[:2].T
    edge = 2.0 / scale
    left, top = np.clip(np.floor(points.min(axis=0) - edge), 0, (width - 1, height - 1)).astype(int)
    right, bottom = np.clip(np.ceil(points.max(axis=0) + edge), 1, (width, height)).astype(int)
    part = image[top : max(bottom, top + 1), left : max(right, left + 1)]
    new_width = max(1, round(part.shape[1] * scale))
    new_height = max(1, round(part.shape[0] * scale))
    small = cv2.resize(part, (new_width, new_height), interpolation=cv2.INTER_AREA)
    # Pixel centres: x_small + 0.5 = (x - left + 0.5) * factor, and back again.
    back_x, back_y = part.shape[1] / new_width, part.shape[0] / new_height
    grow = np.array(
        [
            [back_x, 0.0, left + 0.5 * back_x - 0.5],
            [0.0, back_y, top + 0.5 * back_y - 0.5],
            [0.0, 0.0, 1.0],
        ]
    )
    return np.asarray(small, dtype=np.uint8), matrix @ grow


def _complex(points: Vector) -> npt.NDArray[np.complex128]:
    array = np.asarray(points, np.float64)
    return array[:, 0] + 1j * array[:, 1]
