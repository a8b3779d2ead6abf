"""Pictures for those who look blurred: copies, the latest only, with what was found in them."""

from datetime import UTC, datetime

import numpy as np
import pytest

from streamer.cameras.frame_tap import FrameTap
from streamer.domain.frame import Frame
from streamer.errors import KirdiError
from tests.fakes.matcher import face_at


def frame(value: int, width: int = 64) -> Frame:
    image = np.full((48, width, 3), value, dtype=np.uint8)
    return Frame("lobby", 0, datetime.now(UTC), float(value), None, image)


async def test_the_latest_with_its_faces_and_in_memory_of_its_own() -> None:
    tap = FrameTap()
    tap.seen(frame(1), ())
    taker = tap.subscribe()
    shown = frame(3)
    tap.seen(frame(2), ())
    tap.seen(shown, [face_at(10.0, 20.0, width=30.0)])
    shown.image[...] = 0
    taken = await taker.get()
    assert taken is not None
    assert (taken.at, taken.image[0, 0, 0], taken.faces) == (3.0, 3, ((10.0, 20.0, 40.0, 50.0),))
    tap.seen(frame(4), None)
    taken = await taker.get()
    assert taken is not None
    assert taken.faces is None


async def test_large_pictures_are_thinned_out_and_their_faces_with_them() -> None:
    tap = FrameTap()
    taker = tap.subscribe()
    tap.seen(frame(1, 3840), [face_at(10.0, 20.0, width=30.0)])
    taken = await taker.get()
    assert taken is not None
    assert (taken.image.shape, taken.faces) == ((24, 1920, 3), ((5.0, 10.0, 20.0, 25.0),))


async def test_it_ends_with_the_camera_and_has_a_bound() -> None:
    tap = FrameTap()
    takers = [tap.subscribe() for _ in range(4)]
    with pytest.raises(KirdiError):
        tap.subscribe()
    takers[0].close()
    tap.subscribe()
    tap.seen(frame(1), ())
    tap.close()
    assert await takers[1].get() is None
    with pytest.raises(KirdiError):
        tap.subscribe()
