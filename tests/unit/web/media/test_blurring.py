"""No face is shown to those who need none."""

import numpy as np

from matcher.face import Image
from streamer.domain.seen_frame import Box, SeenFrame
from streamer.web.media.face_cover import FaceCover
from streamer.web.media.picture_encoder import PictureEncoder

FACE: Box = (100.0, 80.0, 160.0, 150.0)


def noise(seed: int = 1) -> Image:
    return np.random.default_rng(seed).integers(0, 256, (240, 320, 3), dtype=np.uint8)


def seen(at: float, *faces: Box, image: Image | None = None) -> SeenFrame:
    return SeenFrame(at, noise() if image is None else image, faces)


def detail(image: Image, box: Box) -> float:
    """How much neighbouring pixels differ within a box."""
    x1, y1, x2, y2 = map(int, box)
    part = image[max(0, y1) : y2, max(0, x1) : x2].astype(int)
    return float(np.abs(np.diff(part, axis=1)).mean())


def test_a_face_is_covered_with_what_surrounds_it_and_the_rest_stays() -> None:
    covered = FaceCover().covered(seen(0.0, FACE))
    wide = (80.0, 60.0, 180.0, 170.0)
    assert detail(covered, wide) < 5 < detail(noise(), wide)
    assert np.array_equal(covered[:, 220:], noise()[:, 220:])


def test_a_face_that_is_missed_stays_covered_while_its_owner_may_be_there() -> None:
    cover = FaceCover()
    cover.covered(seen(0.0, FACE))
    for at in (0.2, 1.0, 1.9):
        assert detail(cover.covered(seen(at)), FACE) < 5
    # Growing: who walks on unseen is still under it.
    moved = tuple(one + 30 for one in FACE)
    assert detail(cover.covered(seen(1.95)), moved) < 5  # type: ignore[arg-type]
    assert detail(cover.covered(seen(2.1)), FACE) > 5


def test_faces_at_the_border_and_beyond_it() -> None:
    cover = FaceCover()
    for box in ((-30.0, -30.0, 20.0, 20.0), (300.0, 220.0, 360.0, 300.0), (400.0, 0.0, 450.0, 9.0)):
        cover.covered(seen(0.0, box))
    assert detail(cover.covered(seen(0.1)), (0, 0, 20, 20)) < 5


def test_where_nobody_looked_for_faces_nothing_is_recognisable() -> None:
    covered = FaceCover().covered(SeenFrame(0.0, noise(), None))
    assert len(np.unique(covered.reshape(-1, 3), axis=0)) <= 24 * 18


def test_too_many_faces_cover_the_whole_picture() -> None:
    boxes = [(float(x), 10.0, x + 2.0, 12.0) for x in range(257)]
    covered = FaceCover().covered(seen(0.0, *boxes))
    assert len(np.unique(covered.reshape(-1, 3), axis=0)) <= 24 * 18


def test_pictures_are_encoded_from_a_keyframe_on_with_its_parameter_sets() -> None:
    encoder = PictureEncoder()
    packets = [one for n in range(60) for one in encoder.encode(noise(n % 2), 100 + n / 10)]
    keys = [index for index, one in enumerate(packets) if one.is_keyframe]
    assert (len(packets), keys) == (60, [0, 20, 40])
    for index in keys:
        assert b"\0\0\1\x67" in packets[index].data
        assert b"\0\0\1\x68" in packets[index].data
    (other,) = encoder.encode(noise()[:100, :200], 107.0)
    assert other.is_keyframe
