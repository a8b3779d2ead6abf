"""From a feed to a viewer: times, bounds, gaps."""

from fractions import Fraction
from itertools import pairwise

import pytest
from aiortc.mediastreams import MediaStreamError

from streamer.web.media.broadcast import Broadcast
from streamer.web.media.capture_times import CaptureTimes
from streamer.web.media.packet_track import RATE, PacketTrack
from streamer.web.media.video_packet import VideoPacket
from streamer.web.media.viewer_queue import MOST_PACKETS, ViewerQueue

MILLI = Fraction(1, 1000)


def packet(at: float, *, key: bool = False, size: int = 10) -> VideoPacket:
    return VideoPacket(at, key, bytes(size))


def test_times_are_the_cameras_where_packets_arrive_unevenly() -> None:
    times = CaptureTimes()
    found = [times.of(0, 40 * n, MILLI, 100 + 0.04 * n + (n % 3) * 0.01) for n in range(100)]
    assert all(0.038 < after - before < 0.042 for before, after in pairwise(found))
    assert abs(found[-1] - (100 + 0.04 * 99 + 0.01)) < 0.01


def test_times_follow_a_camera_whose_clock_is_slow() -> None:
    times = CaptureTimes()
    for n in range(20_000):
        received_at = 100 + 0.04 * n * 1.0001
        at = times.of(0, 40 * n, MILLI, received_at)
    assert abs(at - received_at) < 0.001


def test_times_grow_over_leaps_and_connections() -> None:
    times, latest = CaptureTimes(), 0.0
    for connection, pts, received_at in (
        (0, 0, 10.0),
        (0, 40, 10.04),
        (0, 900_000, 10.08),
        (0, 0, 10.12),
        (1, 5, 10.05),
        (1, 45, 12.0),
    ):
        at = times.of(connection, pts, MILLI, received_at)
        assert at > latest
        latest = at
    assert latest == 12.0


async def test_a_viewer_who_takes_nothing_costs_no_memory_and_goes_on_at_a_keyframe() -> None:
    queue = ViewerQueue(lambda _one: None)
    queue.put(packet(0.0))
    assert queue.waiting == 0
    for n in range(5000):
        queue.put(packet(n / 1000, key=n % 100 == 0))
        assert queue.waiting <= MOST_PACKETS
    for n in range(100):
        queue.put(packet(10 + n / 30, key=n % 30 == 0, size=1000))
    assert queue.dropped > 1000
    first = await queue.get()
    assert first is not None
    assert first.is_keyframe
    queue.end()
    assert await queue.get() is None


async def test_who_begins_gets_what_came_since_the_keyframe_however_old() -> None:
    broadcast = Broadcast(lambda function: function())
    for n in range(100):
        broadcast.offer(packet(n / 10, key=n == 20))
    queue = broadcast.subscribe()
    assert queue.waiting == 80
    broadcast.offer(packet(10.0))
    assert (queue.waiting, queue.dropped) == (81, 0)


async def test_a_thread_that_hangs_is_given_no_more_than_it_may_hold() -> None:
    waiting: list[object] = []
    broadcast = Broadcast(waiting.append)
    for n in range(2000):
        broadcast.offer(packet(n / 10, key=n % 50 == 0))
    assert len(waiting) < 300
    queue = broadcast.subscribe()
    for one in tuple(waiting):
        one()  # type: ignore[operator]
    broadcast.offer(packet(300.0))
    broadcast.offer(packet(300.1, key=True))
    waiting[-1]()  # type: ignore[operator]
    taken = []
    while queue.waiting:
        one = await queue.get()
        assert one is not None
        taken.append(one.at)
    assert 300.0 not in taken
    assert taken[-1] == 300.1


async def test_a_connection_that_ended_is_not_mixed_with_the_next() -> None:
    broadcast = Broadcast(lambda function: function())
    broadcast.offer(packet(1.0, key=True))
    queue = broadcast.subscribe()
    broadcast.interrupt()
    broadcast.offer(packet(2.0))
    broadcast.offer(packet(3.0, key=True))
    ats = [one.at for one in [await queue.get(), await queue.get()] if one is not None]
    assert ats == [1.0, 3.0]
    assert broadcast.subscribe().waiting == 1


async def test_a_tracks_times_say_when_pictures_were_captured() -> None:
    broadcast = Broadcast(lambda function: function())
    for n in range(10):
        broadcast.offer(packet(90 + n / 10, key=n == 0))
    track = PacketTrack(broadcast, lambda: 100.0)
    sent: list[int | None] = []
    track.on_next = sent.append
    old = [await track.recv() for _ in range(10)]
    for n in range(3):
        broadcast.offer(packet(100.04 + n / 25))
    new = [await track.recv() for _ in range(3)]
    times = [one.pts for one in (*old, *new)]
    assert None not in times
    assert all(after > before for before, after in pairwise(times))  # type: ignore[operator]
    # What came before the viewer takes milliseconds and ends when the viewer came.
    assert times[9] - times[0] <= 9 * 90  # type: ignore[operator]
    for n, one in enumerate(new):
        assert one.pts is not None
        assert track.epoch.at + one.pts / RATE == pytest.approx(100.04 + n / 25, abs=1e-4)
    assert sent[0] is None
    assert sent[1:] == times[:-1]
    track.stop()
    with pytest.raises(MediaStreamError):
        await track.recv()
