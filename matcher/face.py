"""The records the matcher hands out: a face, its quality, its embedding, the template most alike.

Every image in Kirdi is RGB, uint8, (height, width, 3), row-major. Coordinates are pixels of the
image the face was found in, x to the right, y downwards.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from matcher.errors import MatcherError

Image = npt.NDArray[np.uint8]
Vector = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Quality:
    """How well a face can be compared, whatever the model pack.

    What stands behind the first three is, by default, that of a face nothing speaks against.

    Attributes:
        width_px: Width of the face box in the full-resolution picture.
        sharpness: Variance of the Laplacian in the middle of the grey aligned chip; higher is
            sharper.
        border_px: Distance of the box to the nearest border of the picture; negative when cut.
        inside: Share of the box that lies in the picture, 0 to 1.
        brightness: Mean grey value of the middle of the chip, 0 to 255.
        contrast: Standard deviation of those grey values.
        clipped: Share of them that are nearly black or nearly white, 0 to 1.
        yaw: Degrees to the picture's right, negative to its left; see `matcher.pose`.
        pitch: Degrees upwards, negative downwards.
        roll: Degrees of tilt, clockwise.
        figure: All of it and the detector's score in one, 0 to 1; see `matcher.quality_figure`.
    """

    width_px: float
    sharpness: float
    border_px: float
    inside: float = 1.0
    brightness: float = 128.0
    contrast: float = 40.0
    clipped: float = 0.0
    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    figure: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """One face in one picture.

    Attributes:
        bbox: x1, y1, x2, y2 in pixels; may reach past the picture where the face is cut.
        landmarks: float32 (5, 2): eye, eye, nose, mouth corner, mouth corner, left to right.
        score: The detector's confidence, 0 to 1.
        quality: Measured on the same picture.
    """

    bbox: tuple[float, float, float, float]
    landmarks: Vector
    score: float
    quality: Quality


@dataclass(frozen=True, slots=True, eq=False)
class Embedding:
    """A face as a vector: float32 (d,). Vectors of different packs are never compared."""

    vector: Vector
    pack_id: str


@dataclass(frozen=True, slots=True)
class Match:
    """The template most alike to a probe.

    Attributes:
        owner: Opaque id of whom the template belongs to.
        distance: Euclidean, probe to template; smaller is more alike.
        score: Normalised similarity, higher is more alike: deviations above what strangers score
            (AS-norm, see `matcher.cohort`); without a cohort minus the distance.
        margin: The score minus the runner-up's; infinite without one.
        runner_up: Owner of the template with the next score; None where there is no other.
    """

    owner: str
    distance: float
    score: float
    margin: float
    runner_up: str | None


def fuse(embeddings: Sequence[Embedding]) -> Embedding:
    """Average embeddings of one person: a template, or a track's probe.

    Raises:
        MatcherError: There is none, they differ in pack or length, or hold what is no number.
    """
    if not embeddings:
        raise MatcherError("no embedding to fuse")
    if len({one.pack_id for one in embeddings}) > 1:
        raise MatcherError("embeddings of different packs cannot be compared")
    if len({one.vector.shape for one in embeddings}) > 1:
        raise MatcherError("embeddings to fuse differ in length")
    mean = np.mean([one.vector for one in embeddings], axis=0, dtype=np.float64)
    if not np.isfinite(mean).all():
        raise MatcherError("an embedding to fuse holds what is no number")
    return Embedding(np.asarray(mean, dtype=np.float32), embeddings[0].pack_id)
