import numpy as np

from matcher.alignment import CHIP_POINTS, similarity
from matcher.varied import varied


def test_seven_crops_of_one_face_the_plain_one_first() -> None:
    crops = varied(CHIP_POINTS)
    assert len(crops) == 7
    assert np.array_equal(crops[0], CHIP_POINTS)
    assert all(points.dtype == np.float32 for points in crops)
    eyes = CHIP_POINTS[1, 0] - CHIP_POINTS[0, 0]
    moved = [similarity(CHIP_POINTS, points) for points in crops]
    scales = sorted(round(float(np.hypot(*matrix[:, 0])), 3) for matrix in moved)
    assert scales == [0.92, 1.0, 1.0, 1.0, 1.0, 1.0, 1.08]
    shifts = np.array([points.mean(axis=0) - CHIP_POINTS.mean(axis=0) for points in crops]) / eyes
    assert np.allclose(shifts.sum(axis=0), 0, atol=1e-4)
    assert np.abs(shifts).max() < 0.061
    turned = [matrix[1, 0] for matrix in moved]
    assert np.allclose(turned, 0, atol=1e-6)
