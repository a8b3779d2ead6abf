"""Pictures that are and are not fit for faces, made up; recordings are in the integration tests."""

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from streamer.ingest.luma import BLOCKS, DETAIL
from streamer.ingest.picture_judge import is_blurred, is_covered, is_dark
from streamer.ingest.picture_watch import PictureWatch

Grey = npt.NDArray[np.float64]


def room(seed: int = 1) -> Grey:
    """A lobby of sharp-edged patches, 640 x 360."""
    patches = np.random.default_rng(seed).uniform(20, 220, (18, 32))
    return np.asarray(np.kron(patches, np.ones((20, 20))), np.float64)


def crowd() -> Grey:
    """People from edge to edge: ellipses on top of each other."""
    picture, chance = np.full((360, 640), 90.0), np.random.default_rng(5)
    for _ in range(120):
        centre = (int(chance.integers(640)), int(chance.integers(360)))
        tone = float(chance.uniform(20, 220))
        cv2.ellipse(picture, centre, (25, 45), 0, 0, 360, tone, -1)
    return picture


def slope() -> Grey:
    """A hand before the lens, lit from one side."""
    return np.linspace(60, 110, 640)[None, :].repeat(360, axis=0)


def blurred(picture: Grey, sigma: float) -> Grey:
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma), np.float64)


def grey(picture: Grey) -> bytes:
    return np.clip(np.round(picture), 0, 255).astype(np.uint8).tobytes()


def blocks(picture: Grey) -> bytes:
    return grey(np.asarray(cv2.resize(picture, BLOCKS, interpolation=cv2.INTER_AREA), np.float64))


def detail(picture: Grey) -> bytes:
    assert picture.shape == DETAIL[::-1]
    return grey(picture)


@pytest.mark.parametrize(
    ("picture", "dark", "covered", "soft"),
    [
        (room(), False, False, False),
        (room() / 2, False, False, False),
        (crowd(), False, False, False),
        (room() / 10, True, False, False),
        (crowd() / 8, True, False, False),
        (np.full((360, 640), 120.0), False, True, False),
        (np.full((360, 640), 250.0), False, True, False),
        (slope(), False, True, False),
        (blurred(room(), 3), False, False, True),
        (blurred(crowd(), 3), False, False, True),
        (blurred(room(), 0.6), False, False, False),
    ],
)
def test_what_is_wrong_with_a_picture(picture: Grey, dark: bool, covered: bool, soft: bool) -> None:
    assert is_dark(blocks(picture)) is dark
    assert dark or is_covered(blocks(picture)) is covered
    assert dark or covered or is_blurred(detail(picture)) is soft


def test_a_lobby_at_night_with_one_lamp_on_is_dark() -> None:
    night = room() / 15
    night[:40, 300:360] = 240
    assert is_dark(blocks(night))


def test_half_a_picture_covered_is_not_covered_and_nine_tenths_are() -> None:
    for share, expected in ((0.5, False), (0.9, True)):
        picture = room()
        picture[:, : int(640 * share)] = 100
        assert is_covered(blocks(picture)) is expected


class Scene:
    """A picture a second into a watch; what lasted, by its name."""

    def __init__(self, reference: bytes = b"") -> None:
        self.watch = PictureWatch(reference)
        self.now = 0.0
        self.references: list[bytes] = []

    def show(self, picture: Grey, seconds: int) -> list[str]:
        for _ in range(seconds):
            self.now += 1.0
            self.watch.look(blocks(picture), lambda: detail(picture), self.now)
            reference = self.watch.reference(self.now)
            if reference is not None:
                self.references.append(reference)
        names = ("dark", "blurred", "covered", "moved")
        return [name for name, held in zip(names, self.watch.findings, strict=True) if held]


def test_a_finding_counts_once_it_has_lasted_and_so_does_its_end() -> None:
    scene = Scene()
    assert scene.show(room(), 10) == []
    assert scene.show(room() / 10, 5) == []
    assert scene.show(room(), 1) == []
    assert scene.show(room() / 10, 6) == ["dark"]
    assert scene.show(room(), 3) == ["dark"]
    assert scene.show(room(), 2) == []


def test_somebody_close_to_the_lens_for_four_seconds_is_nothing() -> None:
    scene = Scene()
    scene.show(room(), 5)
    assert scene.show(slope(), 4) == []


@pytest.mark.parametrize(
    ("picture", "said"),
    [
        (slope(), ["covered"]),
        (blurred(room(), 4), ["blurred"]),
        (room() / 10, ["dark"]),
    ],
)
def test_each_is_said_under_its_own_name(picture: Grey, said: list[str]) -> None:
    scene = Scene()
    scene.show(room(), 5)
    assert scene.show(picture, 20) == said


def test_a_picture_too_small_to_judge_its_sharpness_is_not_blurred() -> None:
    watch = PictureWatch(b"")
    for now in range(30):
        watch.look(blocks(blurred(room(), 4)), None, float(now))
    assert not any(watch.findings)


def test_sharpness_is_looked_at_seldom_while_there_is_nothing_wrong_with_it() -> None:
    watch, looks = PictureWatch(b""), 0

    def sharp() -> bytes:
        nonlocal looks
        looks += 1
        return detail(room())

    for now in range(60):
        watch.look(blocks(room()), sharp, float(now))
    assert looks == 6


def test_it_looks_once_a_second() -> None:
    watch = PictureWatch(b"")
    assert watch.due(0.0)
    watch.look(blocks(room()), None, 0.0)
    assert not watch.due(0.9)
    assert watch.due(1.0)


def test_a_reference_comes_after_a_sound_minute_and_shows_nobody() -> None:
    scene = Scene()
    scene.show(room(), 55)
    assert scene.references == []
    scene.show(room(), 10)
    assert [len(one) for one in scene.references] == [32 * 18]


def test_no_reference_is_taken_while_something_is_wrong() -> None:
    scene = Scene()
    scene.show(blurred(room(), 4), 300)
    scene.show(room() / 10, 300)
    assert scene.references == []


@pytest.mark.parametrize("later", [room(2), np.roll(room(), 60, axis=1), room()[:, ::-1].copy()])
def test_a_camera_turned_away_is_moved_and_stays_so_after_a_reconnect(later: Grey) -> None:
    scene = Scene()
    scene.show(room(), 90)
    assert scene.show(later, 25) == []
    assert scene.show(later, 90) == ["moved"]
    kept = scene.references[-1]
    again = Scene(kept)
    assert again.show(later, 40) == ["moved"]
    assert again.references == []
    assert again.show(room(), 90) == []


@pytest.mark.parametrize(
    "later",
    [
        room() * 0.5,
        room() * 0.6 + 60,
        np.roll(room(), 4, axis=1),
        0.7 * room() + 0.3 * crowd(),
    ],
)
def test_another_light_a_shaken_mount_and_people_are_no_other_place(later: Grey) -> None:
    scene = Scene()
    scene.show(room(), 90)
    assert scene.show(later, 200) == []


def test_a_crowd_for_half_a_minute_is_no_other_place() -> None:
    scene = Scene()
    scene.show(room(), 90)
    assert scene.show(crowd(), 30) == []
    assert scene.show(room(), 60) == []


def test_a_reference_of_the_wrong_length_is_none() -> None:
    assert Scene(b"short").show(room(), 100) == []


def test_a_camera_that_was_turned_on_purpose_is_held_against_where_it_looks_now() -> None:
    scene = Scene()
    scene.show(room(), 90)
    assert scene.show(room(2), 90) == ["moved"]
    scene.watch.forget_reference()
    assert scene.show(room(2), 90) == []
    assert scene.show(room(), 90) == ["moved"]
