"""A face counts only with all its landmarks in the lane."""

import pytest

from streamer.tracking.lane import face_in_lane, inside
from tests.fakes.matcher import face_at

SQUARE = ((0.25, 0.25), (0.75, 0.25), (0.75, 0.75), (0.25, 0.75))
ARROW = ((0.0, 0.0), (1.0, 0.0), (0.5, 0.5), (1.0, 1.0), (0.0, 1.0))


@pytest.mark.parametrize(
    ("polygon", "point", "expected"),
    [
        (SQUARE, (0.5, 0.5), True),
        (SQUARE, (0.2, 0.5), False),
        (SQUARE, (0.5, 0.8), False),
        (ARROW, (0.9, 0.5), False),
        (ARROW, (0.2, 0.5), True),
        (ARROW, (0.9, 0.05), True),
    ],
)
def test_inside(
    polygon: tuple[tuple[float, float], ...], point: tuple[float, float], expected: bool
) -> None:
    assert inside(polygon, point) is expected


@pytest.mark.parametrize(
    ("x", "expected"), [(300.0, True), (50.0, False), (135.0, False)], ids=["in", "out", "half"]
)
def test_face_in_lane(x: float, expected: bool) -> None:
    assert face_in_lane(face_at(x, y=200.0), SQUARE, 640, 480) is expected


def test_without_a_polygon_everything_is_lane() -> None:
    assert face_in_lane(face_at(0.0, y=0.0), None, 640, 480)
