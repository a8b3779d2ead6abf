"""Which due frames are looked at, five a second, in scenes that move or do not."""

from streamer.ingest.attention import Attention

STILL = bytes([100]) * 2304
PX = 900.0


def moving(index: int) -> bytes:
    """Somebody a tenth of the picture wide, elsewhere each time."""
    picture = bytearray(STILL)
    left = index * 7 % 55
    for y in range(10, 30):
        picture[y * 64 + left : y * 64 + left + 6] = bytes([220]) * 6
    return bytes(picture)


def times(attention: Attention, scene: list[bytes], start: float = 0.0) -> list[float]:
    looks = []
    for index, picture in enumerate(scene):
        now = start + index / 5
        if attention.wants(picture, PX, now):
            looks.append(round(now, 2))
    return looks


def test_a_still_scene_is_looked_at_every_three_seconds() -> None:
    assert times(Attention(), [STILL] * 50) == [0.0, 3.0, 6.0, 9.0]


def test_while_something_moves_every_second_frame_is_searched() -> None:
    assert times(Attention(), [moving(n) for n in range(10)]) == [0.0, 0.4, 0.8, 1.2, 1.6]


def test_a_slow_pace_is_not_slowed_further() -> None:
    attention = Attention()
    assert all(attention.wants(moving(n), PX, n * 0.5) for n in range(10))


def test_motion_is_looked_at_at_once_after_a_still_time() -> None:
    attention = Attention()
    assert times(attention, [STILL] * 8 + [moving(1)]) == [0.0, 1.6]


def test_a_hold_brings_every_frame_whether_or_not_anything_moves() -> None:
    attention = Attention()
    attention.hold(1.0)
    assert times(attention, [STILL] * 10) == [0.0, 0.2, 0.4, 0.6, 0.8]
    attention.hold(4.0)
    attention.hold(3.0)
    assert times(attention, [STILL] * 5, start=3.1) == [3.1, 3.3, 3.5, 3.7, 3.9]


def test_a_followed_face_needs_no_look_at_the_motion_until_the_hold_nears_its_end() -> None:
    attention = Attention()
    assert not attention.follows(0.0)
    attention.hold(3.0)
    assert [attention.follows(now) for now in (0.0, 2.4, 2.5, 3.1)] == [True, True, False, False]
    assert round(attention.quiet_s(4.4), 2) == 2.0


def test_quiet_is_the_time_without_motion_and_without_a_hold() -> None:
    attention = Attention()
    assert attention.quiet_s(5.0) == 0.0
    times(attention, [moving(1)] + [STILL] * 1, start=10.0)
    assert attention.quiet_s(10.2) == 0.0  # somebody left: that is motion
    times(attention, [STILL] * 20, start=10.4)
    assert round(attention.quiet_s(20.2), 2) == 10.0
    attention.hold(25.0)
    assert attention.quiet_s(24.0) == 0.0
    assert attention.quiet_s(26.0) > 0.0
