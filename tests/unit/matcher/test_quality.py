from dataclasses import replace

import numpy as np
import pytest

from matcher.alignment import CHIP_POINTS
from matcher.detection import Detection
from matcher.face import Image, Quality
from matcher.quality import Limits, Shortcoming, assess, sharpness, shortcoming
from matcher.quality_figure import quality_figure

LIMITS = Limits(
    min_face_px=48,
    min_score=0.6,
    min_sharpness=3,
    border_px=2,
    max_yaw=60,
    min_brightness=10,
    max_clipped=0.5,
)
GOOD = Quality(width_px=120, sharpness=80, border_px=50)


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


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"yaw": 60.0}, None),
        ({"yaw": 60.1}, Shortcoming.TURNED_AWAY),
        ({"yaw": -60.1}, Shortcoming.TURNED_AWAY),
        ({"pitch": 80.0, "roll": 170.0}, None),
        ({"brightness": 10.0}, None),
        ({"brightness": 9.9}, Shortcoming.BADLY_LIT),
        ({"clipped": 0.5}, None),
        ({"clipped": 0.51}, Shortcoming.BADLY_LIT),
        ({"clipped": 0.9, "yaw": 70.0, "sharpness": 0.0}, Shortcoming.TURNED_AWAY),
        ({"clipped": 0.9, "sharpness": 0.0}, Shortcoming.BADLY_LIT),
    ],
)
def test_pose_and_light_have_their_gates(
    change: dict[str, float], expected: Shortcoming | None
) -> None:
    assert shortcoming(replace(GOOD, **change), 0.9, LIMITS) is expected


@pytest.mark.parametrize(
    "worse",
    [
        {"width_px": 60.0},
        {"sharpness": 20.0},
        {"inside": 0.8},
        {"contrast": 8.0, "sharpness": 80 * (8 / 40) ** 2},
        {"clipped": 0.2},
        {"yaw": 40.0},
        {"yaw": -40.0},
        {"pitch": 30.0},
    ],
)
def test_each_part_lowers_the_figure(worse: dict[str, float]) -> None:
    best = quality_figure(GOOD, 0.9)
    assert 0.8 < best < 0.9
    assert quality_figure(replace(GOOD, **worse), 0.9) < 0.97 * best
    assert quality_figure(GOOD, 0.6) < best


@pytest.mark.parametrize(
    ("half", "part"),
    [
        ({"width_px": 24.0}, 0.5),
        ({"sharpness": 0.005 * 1e3**2}, 0.5),
        ({"contrast": 4.0, "sharpness": 1e6}, 0.5),
        ({"yaw": 45.0}, 0.5),
        ({"yaw": 100.0}, 0.0),
        ({"inside": 0.5}, 0.25),
        ({"clipped": 1.0}, 0.0),
        ({"width_px": 0.0}, 0.0),
        ({"width_px": -3.0}, 0.0),
        ({"contrast": 0.0, "sharpness": 0.0}, 0.0),
    ],
)
def test_no_part_makes_up_for_another(half: dict[str, float], part: float) -> None:
    ideal = replace(GOOD, width_px=1e6, sharpness=1e6, contrast=1e3)
    perfect = replace(ideal, sharpness=1e9)
    assert quality_figure(perfect, 1.0) == pytest.approx(1.0, abs=1e-4)
    assert quality_figure(replace(perfect, **half), 1.0) == pytest.approx(part, abs=1e-3)


def test_tilt_costs_nothing_and_dim_light_little() -> None:
    tilted = replace(GOOD, roll=90.0)
    assert quality_figure(tilted, 0.9) == quality_figure(GOOD, 0.9)
    # The same face at a third of the light: every grey value a third, every variance a ninth.
    dim = replace(GOOD, brightness=42.0, contrast=GOOD.contrast / 3, sharpness=GOOD.sharpness / 9)
    assert quality_figure(dim, 0.9) > 0.9 * quality_figure(GOOD, 0.9)


def test_light_and_pose_are_measured() -> None:
    picture = np.full((200, 200, 3), 90, np.uint8)
    picture[:, 74:] = 255
    (face,) = assess(picture, [Detection((0, 0, 150, 150), CHIP_POINTS, 0.8)])
    assert 160 < face.quality.brightness < 190
    assert face.quality.contrast > 80
    assert 0.45 < face.quality.clipped < 0.55
    assert abs(face.quality.yaw) < 1
    assert abs(face.quality.pitch) < 1
    assert face.quality.inside == 1.0
    assert face.quality.figure == quality_figure(face.quality, 0.8)
    (cut,) = assess(picture, [Detection((-50, 0, 50, 100), CHIP_POINTS, 0.8)])
    assert cut.quality.inside == 0.5


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
