"""How well a face can be compared, and whether that is enough: the pipeline and enrolment ask."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

import cv2
import numpy as np

from matcher.alignment import align
from matcher.detection import Detection
from matcher.errors import MatcherError
from matcher.face import Face, Image, Quality

# The middle of the chip: the face without hair, background and the picture's black outside.
_MIDDLE = slice(25, 125)


class Shortcoming(StrEnum):
    """Why a face is not embedded."""

    LOW_SCORE = "low_score"
    CUT_BY_BORDER = "cut_by_border"
    TOO_SMALL = "too_small"
    BLURRED = "blurred"


@dataclass(frozen=True, slots=True)
class Limits:
    """What a face must be.

    Attributes:
        min_face_px: Width of its box.
        min_score: The detector's confidence.
        min_sharpness: Variance of the Laplacian of the chip.
        border_px: A box nearer than this to the picture's border counts as cut.
    """

    min_face_px: float
    min_score: float
    min_sharpness: float
    border_px: float


def shortcoming(quality: Quality, score: float, limits: Limits) -> Shortcoming | None:
    """The first thing wrong with a face, or None if it may be embedded."""
    if score < limits.min_score:
        return Shortcoming.LOW_SCORE
    if quality.border_px < limits.border_px:
        return Shortcoming.CUT_BY_BORDER
    if quality.width_px < limits.min_face_px:
        return Shortcoming.TOO_SMALL
    if quality.sharpness < limits.min_sharpness:
        return Shortcoming.BLURRED
    return None


def sharpness(chip: Image) -> float:
    """Variance of the Laplacian over the middle of the grey chip (Pech-Pacheco et al., 2000).

    Args:
        chip: uint8 (150, 150, 3) RGB.
    """
    grey = cv2.cvtColor(np.ascontiguousarray(chip[_MIDDLE, _MIDDLE]), cv2.COLOR_RGB2GRAY)
    return float(cv2.Laplacian(grey, cv2.CV_64F).var())


def assess(image: Image, detections: Iterable[Detection]) -> tuple[Face, ...]:
    """Measure each detection on the picture it was found in.

    A detection whose landmarks lie on one spot is no face and is left out.

    Args:
        image: The full-resolution picture, uint8 (h, w, 3).
        detections: In pixels of that picture.
    """
    height, width = image.shape[:2]
    faces: list[Face] = []
    for found in detections:
        x1, y1, x2, y2 = found.bbox
        try:
            chip = align(image, found.landmarks)
        except MatcherError:
            continue
        quality = Quality(
            width_px=x2 - x1,
            sharpness=sharpness(chip),
            border_px=min(x1, y1, width - x2, height - y2),
        )
        faces.append(Face(found.bbox, found.landmarks, found.score, quality))
    return tuple(faces)
