"""Times of packets, whatever a camera says: they advance, and keep to the camera's where it can."""

import pytest

from streamer.ingest.packet_times import PacketTimes

MS = 1_000_000
FRAME = 3600


def given(
    *times: int | None, apart_ms: int = 40, reordered: bool = False
) -> tuple[list[int], PacketTimes]:
    made = PacketTimes(90_000)
    return [
        made.presentation(pts, 5_000 * MS + index * apart_ms * MS, reordered=reordered)
        for index, pts in enumerate(times)
    ], made


@pytest.mark.parametrize(
    ("said", "made"),
    [
        ((7, 3607, 7207), [7, 3607, 7207]),
        ((None, 3600, 7200), [0, 3600, 7200]),
        ((0, 3600, None, 10800), [0, 3600, 7200, 10800]),
        ((0, 3600, 3600, 10800), [0, 3600, 7200, 10800]),
        ((0, 3600, 324_000_000, 324_003_600), [0, 3600, 7200, 10800]),
        ((324_000_000, 324_003_600, 0, 3600), [324_000_000, 324_003_600, 324_007_200, 324_010_800]),
    ],
    ids=["as said", "first unknown", "gap", "stands still", "leaps", "set back"],
)
def test_the_times_a_camera_says_are_kept_as_far_as_they_advance(
    said: tuple[int | None, ...], made: list[int]
) -> None:
    times, one = given(*said)
    assert times == made
    assert not one.by_arrival


def test_with_b_frames_they_go_back_and_forth() -> None:
    said = (None, 10800, 3600, 7200, 21600)
    assert given(*said, reordered=True)[0] == [0, 10800, 3600, 7200, 21600]


def test_after_a_packet_that_was_late_and_had_none_they_go_on() -> None:
    made = PacketTimes(90_000)
    at = (0, 200, 200, 240, 280)
    said = (0, None, 7200, 10800, 14400)
    times = [made.presentation(pts, ms * MS) for pts, ms in zip(said, at, strict=True)]
    assert times == [0, 18000, 18001, 21601, 25201]
    assert not made.by_arrival


@pytest.mark.parametrize(
    "said", [tuple(range(28800, 0, -3600)), (None,) * 8, (0,) * 8, (None, *[0] * 7)]
)
def test_without_any_the_packets_have_those_of_their_arrival(said: tuple[int | None, ...]) -> None:
    times, one = given(*said)
    assert [time - times[0] for time in times] == [index * FRAME for index in range(8)]
    assert one.by_arrival


def test_packets_that_arrive_together_advance_too() -> None:
    times, _ = given(None, None, None, apart_ms=0)
    assert times == [0, 1, 2]


def test_what_a_leap_adds_is_known() -> None:
    _, one = given(0, 3600, 324_000_000)
    assert one.offset == 7200 - 324_000_000
