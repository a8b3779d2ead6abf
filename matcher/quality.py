"""How well a face can be compared, and whether that is enough: the pipeline and enrolment ask."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

import cv2
import numpy as np

from matcher.alignment import align
from matcher.detection import Detection
from matcher.errors import MatcherError
from matcher.face import Face, Image, Quality
from matcher.pose import pose_of
from matcher.quality_figure import quality_figure

# The middle of the chip: the face without hair, background and the picture's black outside.
_MIDDLE = slice(25, 125)
# Grey values that say no more than "dark" or "bright".
_BLACK, _WHITE = 5, 250


class Shortcoming(StrEnum):
    """Why a face is not embedded."""

    LOW_SCORE = "low_score"
    CUT_BY_BORDER = "cut_by_border"
    TOO_SMALL = "too_small"
    TURNED_AWAY = "turned_away"
    BADLY_LIT = "badly_lit"
    BLURRED = "blurred"


@dataclass(frozen=True, slots=True)
class Limits:
    """What a face must be.

    Attributes:
        min_face_px: Width of its box.
        min_score: The detector's confidence.
        min_sharpness: Variance of the Laplacian of the chip.
        border_px: A box nearer than this to the picture's border counts as cut.
        max_yaw: Degrees to either side.
        min_brightness: Mean grey value of the chip.
        max_clipped: Share of the chip that is nearly black or nearly white.
    """

    min_face_px: float
    min_score: float
    min_sharpness: float
    border_px: float
    max_yaw: float = 90.0
    min_brightness: float = 0.0
    max_clipped: float = 1.0


def shortcoming(quality: Quality, score: float, limits: Limits) -> Shortcoming | None:
    """The first thing wrong with a face, or None if it may be embedded."""
    if score < limits.min_score:
        return Shortcoming.LOW_SCORE
    if quality.border_px < limits.border_px:
        return Shortcoming.CUT_BY_BORDER
    if quality.width_px < limits.min_face_px:
        return Shortcoming.TOO_SMALL
    if abs(quality.yaw) > limits.max_yaw:
        return Shortcoming.TURNED_AWAY
    if quality.brightness < limits.min_brightness or quality.clipped > limits.max_clipped:
        return Shortcoming.BADLY_LIT
    if quality.sharpness < limits.min_sharpness:
        return Shortcoming.BLURRED
    return None


def sharpness(chip: Image) -> float:
    """Variance of the Laplacian over the middle of the grey chip (Pech-Pacheco et al., 2000).

    Args:
        chip: uint8 (150, 150, 3) RGB.
    """
    return float(cv2.Laplacian(_grey_middle(chip), cv2.CV_64F).var())


def assess(image: Image, detections: Iterable[Detection]) -> tuple[Face, ...]:
    """Measure each detection on the picture it was found in.

    The chip for it is always the same, 150 pixels, whatever the embedder of the pack wants: a
    figure means the same with every pack. A detection whose landmarks lie on one spot is no face
    and is left out.

    Args:
        image: The full-resolution picture, uint8 (h, w, 3).
        detections: In pixels of that picture.
    """
    faces: list[Face] = []
    for found in detections:
        try:
            chip = align(image, found.landmarks)
        except MatcherError:
            continue
        quality = _measure(image, found, chip)
        if quality is not None:
            faces.append(Face(found.bbox, found.landmarks, found.score, quality))
    return tuple(faces)


def _measure(image: Image, found: Detection, chip: Image) -> Quality | None:
    height, width = image.shape[:2]
    x1, y1, x2, y2 = found.bbox
    pose = pose_of(found.landmarks)
    if pose is None:
        return None
    grey = _grey_middle(chip)
    seen = max(0.0, min(x2, width) - max(x1, 0.0)) * max(0.0, min(y2, height) - max(y1, 0.0))
    quality = Quality(
        width_px=x2 - x1,
        sharpness=float(cv2.Laplacian(grey, cv2.CV_64F).var()),
        border_px=min(x1, y1, width - x2, height - y2),
        inside=seen / max((x2 - x1) * (y2 - y1), 1e-6),
        brightness=float(grey.mean()),
        contrast=float(grey.std()),
        clipped=float(np.mean((grey <= _BLACK) | (grey >= _WHITE))),
        yaw=pose.yaw,
        pitch=pose.pitch,
        roll=pose.roll,
    )
    return replace(quality, figure=quality_figure(quality, found.score))


def _grey_middle(chip: Image) -> Image:
    middle = np.ascontiguousarray(chip[_MIDDLE, _MIDDLE])
    return np.asarray(cv2.cvtColor(middle, cv2.COLOR_RGB2GRAY), dtype=np.uint8)
