"""What YuNet says, made into boxes and landmarks: pure arithmetic, no model.

YuNet: Wu et al., "YuNet: A Tiny Millisecond-level Face Detector" (2023). Every cell of three grids
is a candidate.
"""

import numpy as np
import numpy.typing as npt

from matcher.detection import Detection, Outputs, detections

STRIDES = (8, 16, 32)
OUTPUTS = tuple(f"{part}_{stride}" for part in ("cls", "obj", "bbox", "kps") for stride in STRIDES)

_MOST_CANDIDATES = 1000
_LARGEST_LOG_SIZE = 8.0

_Floats = npt.NDArray[np.float32]


def decode_yunet(
    outputs: Outputs, width: int, min_score: float, max_overlap: float
) -> tuple[Detection, ...]:
    """The faces in one picture, best first, in pixels of the analysed picture.

    Args:
        outputs: Per stride `cls`, `obj` (cells, 1), 0 to 1; `bbox` (cells, 4): centre in cells from
            the cell's corner, logarithms of width and height in cells; `kps` (cells, 10): points
            in cells from the cell's corner.
        width: Of the analysed picture, pixels.
        min_score: Fainter cells are no face; the score is the geometric mean of `cls` and `obj`.
        max_overlap: Of two boxes overlapping more, the better stays.
    """
    parts = [_candidates(outputs, stride, width, min_score) for stride in STRIDES]
    boxes, landmarks, score = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.argsort(-score, kind="stable")[:_MOST_CANDIDATES]
    return detections(boxes[order], landmarks[order], score[order], max_overlap)


def _candidates(
    outputs: Outputs, stride: int, width: int, min_score: float
) -> tuple[_Floats, _Floats, _Floats]:
    score = np.sqrt(_unit(outputs[f"cls_{stride}"]) * _unit(outputs[f"obj_{stride}"]))[:, 0]
    (cells,) = np.nonzero(score >= min_score)
    rows, columns = np.divmod(cells, width // stride)
    corner = np.stack([columns, rows], axis=1).astype(np.float32)
    box = outputs[f"bbox_{stride}"][cells]
    centre = (corner + box[:, :2]) * stride
    # A size beyond any picture must not overflow.
    half = np.exp(np.minimum(box[:, 2:], _LARGEST_LOG_SIZE)) * stride / 2
    points = outputs[f"kps_{stride}"][cells].reshape(-1, 5, 2)
    landmarks = (points + corner[:, None]) * stride
    boxes = np.concatenate([centre - half, centre + half], axis=1)
    return boxes, landmarks, score[cells]


def _unit(values: _Floats) -> _Floats:
    return np.clip(values, 0.0, 1.0)
