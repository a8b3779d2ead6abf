"""Does a quantised model still do its work? Pure comparisons of what it and the original say."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt

from matcher.detection import Detection
from matcher.packs.quantisation import QuantisationCheck

SAME_FACE_IOU = 0.5
SURE_SCORE = 0.6
"""A face that the original finds with this score must be found again."""

MOST_LOST = 0.01
MOST_ADDED = 0.02
MOST_LANDMARK_SHIFT = 0.03
"""Of the face's width, 95th percentile: a pixel or two of a face of 60."""

Found = Sequence[Sequence[Detection]]
Vectors = npt.NDArray[np.float32]


def check_detections(original: Found, quantised: Found) -> tuple[QuantisationCheck, ...]:
    """Compare the faces that both find in the same pictures.

    Args:
        original: Per picture, the original's faces, down to a score below `SURE_SCORE`.
        quantised: The quantised model's, likewise.
    """
    lost, shifts = _missing(original, quantised)
    added, _ = _missing(quantised, original)
    sure = sum(face.score >= SURE_SCORE for faces in original for face in faces)
    shift = float(np.quantile(shifts, 0.95)) if shifts else 0.0
    share = max(sure, 1)
    return (
        _check("detector", "faces lost, of those found surely", lost / share, MOST_LOST, sure),
        _check("detector", "faces added, of those found surely", added / share, MOST_ADDED, sure),
        _check(
            "detector",
            "shift of the landmarks, of the face's width, 95th percentile",
            shift,
            MOST_LANDMARK_SHIFT,
            len(shifts),
        ),
    )


def check_vectors(
    original: Vectors, quantised: Vectors, most_change: float
) -> tuple[QuantisationCheck, ...]:
    """Compare the distances between faces, before and after.

    Args:
        original: (n, d), n of 2 or more.
        quantised: (n, d), of the same chips in the same order.
        most_change: Of a distance, 99th percentile; the pack's margin is a good measure.
    """
    before = _distances(original, original)
    after = np.abs(_distances(quantised, quantised) - before)
    mixed = np.abs(_distances(original, quantised) - before)
    pairs = ~np.eye(len(original), dtype=bool)
    count = int(pairs.sum())
    return (
        _check(
            "embedder",
            "change of the distance of two faces, 99th percentile",
            float(np.quantile(after[pairs], 0.99)),
            most_change,
            count,
        ),
        _check(
            "embedder",
            "the same, one of the two faces embedded by the original",
            float(np.quantile(mixed[pairs], 0.99)),
            most_change,
            count,
        ),
    )


def _missing(wanted: Found, there: Found) -> tuple[int, list[float]]:
    """How many sure faces of one side the other lacks, and the shifts of those it has."""
    missing, shifts = 0, []
    for faces, others in zip(wanted, there, strict=True):
        for face in faces:
            if face.score < SURE_SCORE:
                continue
            best = max(others, key=lambda other: _overlap(face, other), default=None)
            if best is None or _overlap(face, best) < SAME_FACE_IOU:
                missing += 1
                continue
            moved = np.linalg.norm(face.landmarks - best.landmarks, axis=1).mean()
            shifts.append(float(moved) / max(1.0, face.bbox[2] - face.bbox[0]))
    return missing, shifts


def _overlap(one: Detection, other: Detection) -> float:
    """Intersection over union of the boxes."""
    a, b = np.array(one.bbox), np.array(other.bbox)
    sides = np.maximum(0.0, np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2]))
    common = float(sides.prod())
    union = float((a[2:] - a[:2]).prod() + (b[2:] - b[:2]).prod()) - common
    return common / union if union > 0 else 0.0


def _distances(rows: Vectors, columns: Vectors) -> npt.NDArray[np.float64]:
    a, b = rows.astype(np.float64), columns.astype(np.float64)
    squares = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1)[None] - 2 * a @ b.T
    return np.asarray(np.sqrt(np.maximum(squares, 0.0)))


def _check(
    model: Literal["detector", "embedder"], figure: str, value: float, limit: float, samples: int
) -> QuantisationCheck:
    # Nothing to compare proves nothing.
    passed = samples > 0 and value <= limit
    return QuantisationCheck(model, figure, round(value, 5), limit, passed, samples)
