"""Which way a face looks, from its five landmarks. Used by `matcher.quality`. Pure."""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from matcher.face import Vector

# The same five points on MediaPipe's canonical face (canonical_face_model.obj, Apache 2.0), in
# centimetres: x to the right and y downwards in the picture of a face that looks at the camera, z
# away from it. An eye is the middle of its two corners (vertices 33, 133, 362, 263); then the tip
# of the nose (1) and the corners of the mouth (61, 291).
_FACE: Final = np.array(
    [
        [-3.151, -2.625, -3.466],
        [3.151, -2.625, -3.466],
        [0.0, 1.127, -7.476],
        [-2.456, 4.343, -4.284],
        [2.456, 4.343, -4.284],
    ]
)
# Least squares for three unknowns from five points: one matrix, the same for every face.
_SOLVE: Final = np.linalg.pinv(_FACE - _FACE.mean(axis=0))


@dataclass(frozen=True, slots=True)
class Pose:
    """Where a face points, in degrees; all zero when it looks straight at the camera.

    Attributes:
        yaw: Turned towards the picture's right (positive) or left.
        pitch: Raised (positive) or lowered.
        roll: Tilted clockwise (positive) or against it; aligning undoes it.
    """

    yaw: float
    pitch: float
    roll: float


def pose_of(landmarks: Vector) -> Pose | None:
    """Fit a rigid mean face to the landmarks under scaled orthographic projection.

    This is POS of DeMenthon and Davis (1995), "Model-based object pose in 25 lines of code", its
    two rows then replaced by the nearest orthonormal ones. The mean face is nobody's, and a
    detector guesses landmarks it cannot see: some degrees of error near the front, more beyond 45.

    Args:
        landmarks: (5, 2), pixels: eye, eye, nose, mouth corner, mouth corner, left to right.

    Returns:
        None where the points are no numbers or lie on one line: there is no face.
    """
    points = np.asarray(landmarks, np.float64)
    if points.shape != (5, 2) or not np.isfinite(points).all():
        return None
    rows = (_SOLVE @ (points - points.mean(axis=0))).T
    left, scales, right = np.linalg.svd(rows, full_matrices=False)
    if scales[1] <= 1e-3 * scales[0] or scales[0] == 0.0:
        return None
    across, down = left @ right
    outwards = np.cross(across, down)
    return Pose(
        yaw=math.degrees(math.atan2(-across[2], outwards[2])),
        pitch=math.degrees(math.asin(min(1.0, max(-1.0, float(down[2]))))),
        roll=math.degrees(math.atan2(down[0], across[0])),
    )
