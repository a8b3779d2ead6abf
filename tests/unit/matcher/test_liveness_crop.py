"""The square around a face that a liveness model looks at."""

import numpy as np
import pytest

from matcher.errors import MatcherError
from matcher.face import Face, Image, Quality
from matcher.liveness import CROP_PX, liveness_crop


def face(*bbox: float) -> Face:
    x1, y1, x2, y2 = bbox
    return Face((x1, y1, x2, y2), np.zeros((5, 2), np.float32), 0.9, Quality(x2 - x1, 50, 9))


def slope(height: int, width: int) -> Image:
    """A picture that is 200 at every place, but for its red (x) and green (y)."""
    picture = np.full((height, width, 3), 200, np.uint8)
    picture[..., 0] = np.linspace(0, 250, width).astype(np.uint8)[None, :]
    picture[..., 1] = np.linspace(0, 250, height).astype(np.uint8)[:, None]
    return picture


def test_one_and_a_half_times_the_longer_side_around_the_middle() -> None:
    picture = slope(600, 600)
    crop = liveness_crop(picture, face(260, 240, 340, 360))
    assert crop.shape == (CROP_PX, CROP_PX, 3)
    assert crop.dtype == np.uint8
    # 120 px high: 180 px from 210 to 390 both ways.
    assert crop[64, 2, 0] == pytest.approx(210 / 599 * 250, abs=2)
    assert crop[64, -3, 0] == pytest.approx(390 / 599 * 250, abs=2)
    assert crop[2, 64, 1] == pytest.approx(210 / 599 * 250, abs=2)


def test_beyond_the_border_the_picture_runs_back() -> None:
    picture = slope(200, 200)
    crop = liveness_crop(picture, face(-40, 60, 40, 140)).astype(int)
    # 120 px wide around x = 0: the left half mirrors the right one.
    assert np.abs(crop[:, 8:64, 0] - crop[:, 119:63:-1, 0]).max() <= 3
    assert (crop[..., 2] >= 198).all(), "nothing black"


@pytest.mark.parametrize("bbox", [(0, 0, 60, 60), (-30, -30, 20, 20), (30, 30, 90, 90)])
def test_a_face_larger_than_the_picture_is_no_trouble(bbox: tuple[float, ...]) -> None:
    assert liveness_crop(slope(64, 64), face(*bbox)).shape == (CROP_PX, CROP_PX, 3)
    assert liveness_crop(np.zeros((64, 1, 3), np.uint8), face(*bbox)).shape[0] == CROP_PX


@pytest.mark.parametrize(
    "bbox",
    [(10, 10, 10, 10), (0, 0, float("nan"), 9), (0, 0, float("inf"), 9), (0, 0, 1e6, 1e6)],
)
def test_what_is_no_box(bbox: tuple[float, ...]) -> None:
    with pytest.raises(MatcherError, match="box"):
        liveness_crop(slope(64, 64), face(*bbox))
