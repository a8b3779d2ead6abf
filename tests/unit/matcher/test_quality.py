import numpy as np
import pytest

from matcher.alignment import CHIP_POINTS
from matcher.detection import Detection
from matcher.face import Image, Quality
from matcher.quality import Limits, Shortcoming, assess, sharpness, shortcoming

LIMITS = Limits(min_face_px=48, min_score=0.6, min_sharpness=3, border_px=2)


@pytest.mark.parametrize(
    ("width", "sharp", "border", "score", "expected"),
    [
        (48, 3, 2, 0.6, None),
        (500, 900, 300, 0.99, None),
        (47.9, 3, 2, 0.6, Shortcoming.TOO_SMALL),
        (48, 2.9, 2, 0.6, Shortcoming.BLURRED),
        (48, 3, 1.9, 0.6, Shortcoming.CUT_BY_BORDER),
        (48, 3, -20, 0.6, Shortcoming.CUT_BY_BORDER),
        (48, 3, 2, 0.59, Shortcoming.LOW_SCORE),
        (10, 0, -5, 0.1, Shortcoming.LOW_SCORE),
        (10, 0, -5, 0.9, Shortcoming.CUT_BY_BORDER),
        (10, 0, 5, 0.9, Shortcoming.TOO_SMALL),
    ],
)
def test_names_the_first_shortcoming(
    width: float, sharp: float, border: float, score: float, expected: Shortcoming | None
) -> None:
    quality = Quality(width_px=width, sharpness=sharp, border_px=border)
    assert shortcoming(quality, score, LIMITS) is expected


def noise(height: int, width: int) -> Image:
    return np.random.default_rng(3).integers(0, 256, (height, width, 3), dtype=np.uint8)


def test_blur_lowers_sharpness() -> None:
    chip = noise(150, 150)
    smooth = np.repeat(np.repeat(chip[::10, ::10], 10, axis=0), 10, axis=1)
    assert sharpness(chip) > 5 * sharpness(smooth) > 0
    assert sharpness(np.full((150, 150, 3), 90, np.uint8)) == 0


def test_black_outside_the_picture_does_not_count_as_detail() -> None:
    chip = np.full((150, 150, 3), 200, np.uint8)
    chip[:, :20] = 0
    assert sharpness(chip) == 0


@pytest.mark.parametrize(
    ("bbox", "border"),
    [
        ((10, 20, 60, 90), 10),
        ((50, 5, 90, 60), 5),
        ((250, 50, 297, 100), 3),
        ((50, 120, 100, 199), 1),
        ((-7, 20, 60, 90), -7),
        ((250, 20, 330, 90), -30),
    ],
)
def test_measures_width_and_the_nearest_border(
    bbox: tuple[float, float, float, float], border: float
) -> None:
    (face,) = assess(noise(200, 300), [Detection(bbox, CHIP_POINTS, 0.8)])
    assert face.quality.border_px == border
    assert face.quality.width_px == bbox[2] - bbox[0]
    assert face.quality.sharpness > 0
    assert face.bbox == bbox
    assert face.score == 0.8


def test_leaves_out_what_has_no_face_to_align() -> None:
    spot = Detection((0, 0, 9, 9), np.zeros((5, 2), np.float32), 0.9)
    good = Detection((0, 0, 9, 9), CHIP_POINTS, 0.7)
    assert [face.score for face in assess(noise(200, 200), [spot, good])] == [0.7]
