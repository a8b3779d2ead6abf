"""One figure for how well a face can be compared. Ranks a track's shots. Pure."""

import math
from typing import Final

from matcher.face import Quality

# Where each part alone is worth a half. At these values the share of pairs of photos of one person
# that lie farther apart than 0.44 (pack `open`, one of the photos made worse) has risen from a
# third to about 60 %; see docs/design/0010.
_HALF_WIDTH_PX: Final = 24.0
_HALF_DETAIL: Final = 0.005
_HALF_CONTRAST: Final = 4.0


def quality_figure(quality: Quality, score: float) -> float:
    """Size x detail x light x pose x completeness x the detector's score, each 0 to 1.

    A product, because each part can spoil a comparison by itself and none makes up for another: a
    large sharp face that looks away is of no more use than a small one. Each part saturates, since
    beyond some point more pixels or more contrast change nothing.

    - Size and detail: x^2 / (x^2 + half^2). Detail is sharpness by variance of the grey values:
      the same blur is then worth the same in bright and in dim light.
    - Light: the same of the contrast, times the square of the share that is not clipped.
    - Pose: (cos yaw * cos pitch)^2, the square of how much of the face is turned to the camera.
      Tilt costs nothing: aligning undoes it.
    - Completeness: the square of the share of the box that lies in the picture.

    Args:
        quality: Its `figure` is not looked at.
        score: The detector's confidence, 0 to 1.
    """
    variance = max(quality.contrast, 1.0) ** 2
    frontal = math.cos(math.radians(quality.yaw)) * math.cos(math.radians(quality.pitch))
    return (
        _saturating(quality.width_px, _HALF_WIDTH_PX)
        * _saturating(quality.sharpness / variance, _HALF_DETAIL)
        * _saturating(quality.contrast, _HALF_CONTRAST)
        * (1.0 - quality.clipped) ** 2
        * max(0.0, frontal) ** 2
        * quality.inside**2
        * score
    )


def _saturating(value: float, half: float) -> float:
    square = max(0.0, value) ** 2
    return square / (square + half**2)
