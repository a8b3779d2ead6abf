"""Motion in generated scenes; each picture comes 0.2 s after the one before."""

import numpy as np
import numpy.typing as npt
import pytest

from streamer.ingest.motion_gate import MotionGate

WIDTH, HEIGHT = 64, 36
PX_1080P = 1920 * 1080 / (WIDTH * HEIGHT)
PX_432P = 768 * 432 / (WIDTH * HEIGHT)
Grey = npt.NDArray[np.float64]


def room(seed: int = 1) -> Grey:
    """Furniture: patches of different brightness."""
    picture = np.random.default_rng(seed).uniform(30, 200, (9, 16))
    return np.asarray(np.kron(picture, np.ones((4, 4))), np.float64)


def grey(picture: Grey) -> bytes:
    return np.clip(np.round(picture), 0, 255).astype(np.uint8).tobytes()


def with_person(picture: Grey, left: int, size: tuple[int, int] = (4, 9)) -> Grey:
    seen = picture.copy()
    seen[20 : 20 + size[1], left : left + size[0]] = 230 - picture.mean()
    return seen


def moved(pictures: list[Grey], px: float = PX_1080P, step: float = 0.2) -> list[bool]:
    gate = MotionGate()
    return [gate.moves(grey(one), px, index * step) for index, one in enumerate(pictures)]


def test_the_first_picture_counts_and_a_still_scene_does_not() -> None:
    assert moved([room()] * 50) == [True] + [False] * 49


@pytest.mark.parametrize("left", [0, 30, 58])
def test_somebody_who_appears_and_who_goes_is_seen(left: int) -> None:
    scene = [room()] * 3 + [with_person(room(), left)] * 3 + [room()] * 3
    assert moved(scene) == [True, False, False, True, False, False, True, False, False]


def test_who_walks_is_seen_in_every_picture() -> None:
    assert all(moved([with_person(room(), left) for left in range(0, 56, 2)]))


def test_many_frames_a_second_do_not_hide_a_slow_step() -> None:
    """At 30 frames a second a step of two blocks is spread over six of them."""
    walk = [with_person(room(), left // 6) for left in range(180)]
    seen = moved(walk, step=1 / 30)
    assert all(any(seen[at : at + 12]) for at in range(0, 168, 12))


@pytest.mark.parametrize(
    ("size", "px", "expected"),
    [
        ((1, 3), PX_1080P, False),
        ((2, 3), PX_1080P, True),
        ((4, 5), PX_432P, False),
        ((5, 6), PX_432P, True),
    ],
)
def test_what_counts_is_the_size_in_the_full_picture(
    size: tuple[int, int], px: float, expected: bool
) -> None:
    assert moved([room() * 0 + 20, with_person(room() * 0 + 20, 30, size)], px)[1] is expected


@pytest.mark.parametrize("sigma", [1.0, 2.0, 3.0])
def test_noise_is_no_motion_and_somebody_in_it_is(sigma: float) -> None:
    chance = np.random.default_rng(2)

    def noisy(picture: Grey) -> Grey:
        return picture + chance.normal(0, sigma, picture.shape)

    seen = moved([noisy(room()) for _ in range(200)] + [noisy(with_person(room(), 30))])
    assert not any(seen[1:-1])
    assert seen[-1]


def test_the_pulse_of_keyframes_is_no_motion() -> None:
    pulse = np.random.default_rng(3).normal(0, 4, (HEIGHT, WIDTH))
    assert not any(moved([room() + pulse * (n % 5 == 0) for n in range(100)])[1:])


def test_a_flickering_sign_is_learnt_and_only_where_it_is() -> None:
    dull = room() / 2 + 40

    def lit(n: int) -> Grey:
        seen = dull.copy()
        seen[0, :3] += 15 * (n % 2)
        return seen

    gate = MotionGate()
    assert not any([gate.moves(grey(lit(n)), PX_1080P, n / 5) for n in range(300)][1:])
    # Three blocks elsewhere are too few, even together with those of the sign; four are not.
    more = lit(1)
    more[20, :3] += 15
    assert not gate.moves(grey(more), PX_1080P, 60.0)
    more = lit(0)
    more[21, :4] += 15
    assert gate.moves(grey(more), PX_1080P, 60.2)


@pytest.mark.parametrize("gain", [0.7, 0.9, 1.1, 1.3])
def test_an_exposure_step_is_no_motion_but_somebody_coming_with_it_is(gain: float) -> None:
    base = room() * 0.7
    assert moved([base, base * gain, base * gain])[1:] == [False, False]
    assert moved([base, with_person(base, 30) * gain])[1]


def test_after_a_change_of_size_it_begins_anew() -> None:
    gate = MotionGate()
    assert gate.moves(bytes(100), 1.0, 0.0)
    assert gate.moves(bytes(200), 1.0, 0.2)
    assert not gate.moves(bytes(200), 1.0, 0.4)


def test_black_pictures_divide_by_nothing() -> None:
    black = np.zeros((HEIGHT, WIDTH))
    assert moved([black, black, black + 255, black + 255]) == [True, False, True, False]
