import cv2
import numpy as np
import pytest

from matcher.alignment import CHIP_POINTS, CHIP_PX, align, similarity
from matcher.errors import MatcherError
from matcher.face import Image, Vector


def moved(points: Vector, scale: float, degrees: float, shift: tuple[float, float]) -> Vector:
    angle = np.deg2rad(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return np.asarray(scale * points @ turn.T + np.array(shift), np.float32)


def chart(height: int, width: int) -> Image:
    """Smooth colours that tell where in the picture a pixel comes from."""
    y, x = np.mgrid[0:height, 0:width]
    planes = [x * 255 / width, y * 255 / height, (x + y) * 127 / (width + height)]
    return np.stack(planes, axis=-1).astype(np.uint8)


@pytest.mark.parametrize("scale", [0.3, 1.0, 4.0])
@pytest.mark.parametrize("degrees", [-100.0, 0.0, 20.0])
def test_undoes_any_similarity(scale: float, degrees: float) -> None:
    source = moved(CHIP_POINTS, scale, degrees, (200.0, -30.0))
    matrix = similarity(source)
    back = np.column_stack([source, np.ones(5)]) @ matrix.T
    assert np.allclose(back, CHIP_POINTS, atol=1e-3)


def test_noise_is_spread_over_the_points() -> None:
    rng = np.random.default_rng(1)
    source = CHIP_POINTS + rng.normal(0, 2, (5, 2)).astype(np.float32)
    matrix = similarity(source)

    def error(candidate: np.ndarray[tuple[int, int], np.dtype[np.float64]]) -> float:
        back = np.column_stack([source, np.ones(5)]) @ candidate.T
        return float(np.sum((back - CHIP_POINTS) ** 2))

    best = error(matrix)
    for delta in (0.01, -0.01):  # turn, scale and shift a little: never better
        turn = np.array([[1, -delta], [delta, 1]])
        assert error(turn @ matrix) > best
        assert error((1 + delta) * matrix) > best
        assert error(matrix + np.array([[0, 0, delta], [0, 0, 0]])) > best


@pytest.mark.parametrize("scale", [0.4, 1.0, 3.0, 12.0])
def test_chip_shows_the_right_place_at_every_scale(scale: float) -> None:
    picture = chart(2200, 2400)
    landmarks = moved(CHIP_POINTS, scale, 15.0, (300.0, 200.0))
    chip = align(picture, landmarks)
    assert chip.shape == (CHIP_PX, CHIP_PX, 3)
    assert chip.dtype == np.uint8
    for (chip_x, chip_y), (x, y) in zip(CHIP_POINTS, landmarks, strict=True):
        got = chip[round(float(chip_y)), round(float(chip_x))].astype(int)
        expected = picture[round(float(y)), round(float(x))].astype(int)
        assert np.abs(got - expected).max() <= 3


def test_strong_reduction_does_not_skip_pixels() -> None:
    picture = np.zeros((1600, 1600, 3), np.uint8)
    picture[::2] = 255  # finer than the chip can show: must come out grey
    chip = align(picture, moved(CHIP_POINTS, 8.0, 0.0, (100.0, 100.0)))
    assert np.abs(chip.astype(int) - 127).max() <= 20


def test_outside_of_the_picture_is_black() -> None:
    chip = align(np.full((200, 200, 3), 255, np.uint8), CHIP_POINTS - np.float32(100))
    assert chip[0, 0].max() == 0
    assert chip[140, 140].min() == 255


@pytest.mark.parametrize("scale", [1.0, 20.0])
def test_a_face_wholly_outside_gives_a_chip(scale: float) -> None:
    far = moved(CHIP_POINTS, scale, 0.0, (-9000.0, 9000.0))
    assert align(np.full((20, 20, 3), 255, np.uint8), far).shape == (CHIP_PX, CHIP_PX, 3)


def test_read_only_pictures_are_welcome() -> None:
    picture = chart(300, 300)
    picture.setflags(write=False)
    view = picture[:, ::-1]
    assert align(view, CHIP_POINTS).shape == (CHIP_PX, CHIP_PX, 3)


@pytest.mark.parametrize(
    "points",
    [
        np.full((5, 2), 7, np.float32),
        np.full((5, 2), np.nan, np.float32),
        np.full((5, 2), np.inf, np.float32),
    ],
)
def test_refuses_landmarks_that_are_no_face(points: Vector) -> None:
    with pytest.raises(MatcherError, match="no face to align"):
        align(np.zeros((10, 10, 3), np.uint8), points)


def test_agrees_with_opencv() -> None:
    source = moved(CHIP_POINTS, 1.7, -8.0, (31.0, 12.0))
    theirs, _ = cv2.estimateAffinePartial2D(source, CHIP_POINTS, method=cv2.LMEDS)
    assert np.allclose(similarity(source), theirs, atol=1e-3)
