"""Slightly different crops of one face, to be averaged. Used where a template is made."""

from typing import Final

import numpy as np

from matcher.face import Vector

# Crops a little tighter and wider, and moved by a share of the distance between the eyes.
_SCALES: Final = (0.92, 1.08)
_SHIFTS: Final = ((0.06, 0.0), (-0.06, 0.0), (0.0, 0.06), (0.0, -0.06))


def varied(landmarks: Vector) -> list[Vector]:
    """Seven sets of landmarks, the given ones first: each aligns to another crop of the same face.

    A detector puts landmarks some pixels off, and the embedding moves with them; the mean of the
    crops moves less.

    Args:
        landmarks: float32 (5, 2), pixels.
    """
    centre = landmarks.mean(axis=0)
    eyes = float(np.linalg.norm(landmarks[1] - landmarks[0]))
    scaled = [centre + (landmarks - centre) * scale for scale in _SCALES]
    shifted = [landmarks + np.array(shift) * eyes for shift in _SHIFTS]
    return [landmarks, *(points.astype(np.float32) for points in (*scaled, *shifted))]
