import numpy as np
import pytest

from matcher.detection import Detection, Maps, decode, suppress


def empty_maps(height: int = 8, width: int = 10) -> Maps:
    return Maps(
        heatmap=np.zeros((1, height, width), np.float32),
        size=np.zeros((2, height, width), np.float32),
        offset=np.zeros((2, height, width), np.float32),
        landmarks=np.zeros((10, height, width), np.float32),
    )


def put(maps: Maps, row: int, column: int, score: float, height: float, width: float) -> None:
    """A face of the given size in pixels, its landmarks at tenths of the box."""
    maps.heatmap[0, row, column] = score
    maps.size[:, row, column] = np.log([height / 4, width / 4])
    for point in range(5):
        maps.landmarks[2 * point, row, column] = 0.1 * point
        maps.landmarks[2 * point + 1, row, column] = 0.2 * point


def test_reads_box_and_landmarks() -> None:
    maps = empty_maps()
    put(maps, 3, 5, 0.9, height=20, width=12)
    maps.offset[:, 3, 5] = (0.25, -0.5)
    (face,) = decode(maps, 0.5, 0.3)
    centre_x, centre_y = (5 - 0.5 + 0.5) * 4, (3 + 0.25 + 0.5) * 4
    box = (centre_x - 6, centre_y - 10, centre_x + 6, centre_y + 10)
    assert face.bbox == pytest.approx(box, abs=1e-4)
    assert face.score == pytest.approx(0.9)
    expected = [[box[0] + 12 * 0.2 * i, box[1] + 20 * 0.1 * i] for i in range(5)]
    assert np.allclose(face.landmarks, expected, atol=1e-4)
    assert face.landmarks.dtype == np.float32


def test_no_face_no_detection() -> None:
    maps = empty_maps()
    maps.heatmap[:] = 0.49
    assert decode(maps, 0.5, 0.3) == ()


def test_best_first_and_overlapping_ones_once() -> None:
    maps = empty_maps(20, 20)
    put(maps, 4, 4, 0.7, 16, 16)
    put(maps, 4, 5, 0.8, 16, 16)
    put(maps, 15, 15, 0.9, 16, 16)
    assert [round(face.score, 1) for face in decode(maps, 0.5, 0.3)] == [0.9, 0.8]


def test_values_that_are_no_numbers_are_no_faces() -> None:
    maps = empty_maps()
    put(maps, 1, 1, 0.9, 8, 8)
    put(maps, 5, 5, 0.8, 8, 8)
    maps.landmarks[3, 1, 1] = np.nan
    maps.heatmap[0, 7, 7] = np.nan
    assert [round(face.score, 1) for face in decode(maps, 0.5, 0.3)] == [0.8]


def test_absurd_sizes_and_full_maps_stay_bounded() -> None:
    maps = empty_maps(120, 160)
    maps.heatmap[:] = 0.9
    maps.size[:] = -5.0
    maps.size[:, 0, 0] = 1e30
    found = decode(maps, 0.5, 0.3)
    assert 0 < len(found) <= 1000
    assert all(np.isfinite(face.bbox).all() for face in found)


@pytest.mark.parametrize(
    ("boxes", "kept"),
    [
        ([], []),
        ([[0, 0, 10, 10]], [0]),
        ([[0, 0, 10, 10], [0, 0, 10, 10]], [0]),
        ([[0, 0, 10, 10], [20, 0, 30, 10]], [0, 1]),
        ([[0, 0, 10, 10], [6, 0, 16, 10]], [0, 1]),  # 40 of 160: 0.25
        ([[0, 0, 10, 10], [5, 0, 15, 10]], [0]),  # 50 of 150: 0.33
        ([[0, 0, 10, 10], [5, 0, 15, 10], [10, 0, 20, 10]], [0, 2]),
        ([[0, 0, 0, 0], [0, 0, 0, 0]], [0, 1]),  # nothing in common
    ],
)
def test_suppression(boxes: list[list[float]], kept: list[int]) -> None:
    assert suppress(np.array(boxes, np.float64).reshape(-1, 4), 0.3) == kept


def test_scales_to_another_picture() -> None:
    face = Detection((1, 2, 3, 4), np.ones((5, 2), np.float32), 0.5).scaled(2, 3)
    assert face.bbox == pytest.approx((2, 6, 6, 12))
    assert face.landmarks.tolist() == [[2, 3]] * 5
