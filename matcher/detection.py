"""What the detector's network says, made into boxes and landmarks: pure arithmetic, no model."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from matcher.face import Vector

STRIDE = 4
_MOST_CANDIDATES = 1000
_LARGEST_LOG_SIZE = 8.0

_Floats = npt.NDArray[np.float32]
Outputs = Mapping[str, _Floats]
"""A network's outputs for one picture, by name."""


@dataclass(frozen=True, slots=True, eq=False)
class Detection:
    """A face before its quality is known: bbox and landmarks in pixels, score 0 to 1."""

    bbox: tuple[float, float, float, float]
    landmarks: Vector
    score: float

    def scaled(self, x: float, y: float) -> "Detection":
        """The same face in a picture `x` times as wide and `y` times as high."""
        x1, y1, x2, y2 = self.bbox
        factors = np.array([x, y], np.float32)
        return Detection((x1 * x, y1 * y, x2 * x, y2 * y), self.landmarks * factors, self.score)


@dataclass(frozen=True, slots=True, eq=False)
class Maps:
    """CenterFace's outputs for one picture, at stride 4, float32.

    Attributes:
        heatmap: (1, h, w): a face's centre lies in this cell, 0 to 1.
        size: (2, h, w): logarithm of height and width, in cells.
        offset: (2, h, w): y and x of the centre inside the cell.
        landmarks: (10, h, w): y and x of five points, in heights and widths from the box's corner.
    """

    heatmap: _Floats
    size: _Floats
    offset: _Floats
    landmarks: _Floats


Decode = Callable[[Outputs, int, float, float], tuple[Detection, ...]]
"""Outputs, width of the analysed picture, least score, most overlap -> faces, best first."""


def decode_centerface(
    outputs: Outputs,
    width: int,  # noqa: ARG001 - CenterFace's maps know their own
    min_score: float,
    max_overlap: float,
) -> tuple[Detection, ...]:
    """`decode` for what CenterFace's graph calls its outputs."""
    maps = Maps(outputs["heatmap"], outputs["size"], outputs["offset"], outputs["landmarks"])
    return decode(maps, min_score, max_overlap)


def decode(maps: Maps, min_score: float, max_overlap: float) -> tuple[Detection, ...]:
    """The faces in one picture's maps, best first, in pixels of the analysed picture.

    Args:
        maps: The network's outputs.
        min_score: Cells below it are no face.
        max_overlap: Of two boxes overlapping more (intersection over union), the better stays.
    """
    scores = maps.heatmap[0]
    rows, columns = np.nonzero(scores >= min_score)
    order = np.argsort(-scores[rows, columns], kind="stable")[:_MOST_CANDIDATES]
    rows, columns = rows[order], columns[order]
    score = scores[rows, columns]
    # A size beyond any picture must not overflow.
    size = np.exp(np.minimum(maps.size[:, rows, columns], _LARGEST_LOG_SIZE)) * STRIDE
    centre_y = (rows + maps.offset[0, rows, columns] + 0.5) * STRIDE
    centre_x = (columns + maps.offset[1, rows, columns] + 0.5) * STRIDE
    x1, y1 = centre_x - size[1] / 2, centre_y - size[0] / 2
    boxes = np.stack([x1, y1, x1 + size[1], y1 + size[0]], axis=1)
    points = maps.landmarks[:, rows, columns].reshape(5, 2, -1)
    landmarks = np.stack([points[:, 1] * size[1] + x1, points[:, 0] * size[0] + y1], axis=-1)
    return detections(boxes, landmarks.transpose(1, 0, 2), score, max_overlap)


def detections(
    boxes: npt.NDArray[np.floating],
    landmarks: npt.NDArray[np.floating],
    score: _Floats,
    max_overlap: float,
) -> tuple[Detection, ...]:
    """Candidates without those that overlap a better one, or hold what is no number.

    Args:
        boxes: (n, 4) x1, y1, x2, y2, best first.
        landmarks: (n, 5, 2).
        score: (n,), falling.
        max_overlap: See `suppress`.
    """
    landmarks = landmarks.astype(np.float32)
    usable = np.isfinite(boxes).all(axis=1) & np.isfinite(landmarks).all(axis=(1, 2))
    boxes, landmarks, score = boxes[usable], landmarks[usable], score[usable]
    return tuple(
        Detection(
            (float(boxes[i, 0]), float(boxes[i, 1]), float(boxes[i, 2]), float(boxes[i, 3])),
            landmarks[i],
            float(score[i]),
        )
        for i in suppress(boxes.astype(np.float64), max_overlap)
    )


def suppress(boxes: npt.NDArray[np.float64], max_overlap: float) -> list[int]:
    """Greedy non-maximum suppression: the indices that stay.

    Args:
        boxes: (n, 4) x1, y1, x2, y2, best first.
        max_overlap: Intersection over union above which the later box goes.
    """
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    left = np.arange(len(boxes))
    kept: list[int] = []
    while len(left):
        best, rest = int(left[0]), left[1:]
        kept.append(best)
        corner = np.maximum(boxes[best, :2], boxes[rest, :2])
        opposite = np.minimum(boxes[best, 2:], boxes[rest, 2:])
        sides = np.maximum(0.0, opposite - corner)
        common = sides[:, 0] * sides[:, 1]
        union = areas[best] + areas[rest] - common
        left = rest[common <= max_overlap * union]
    return kept
