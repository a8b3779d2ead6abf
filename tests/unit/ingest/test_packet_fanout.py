"""Who looks at a camera: where each begins, and what becomes of one that is too slow."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from streamer.errors import KirdiError
from streamer.ingest import packet_subscription
from streamer.ingest.packet_fanout import MOST_VIEWERS, PacketFanout
from streamer.ingest.packet_subscription import PacketSubscription
from tests.unit.ingest.packets import packet


class Room:
    """A camera's viewers; a keyframe every tenth packet, 40 ms apart."""

    def __init__(self) -> None:
        self.counts: list[int] = []
        self.fanout = PacketFanout("lobby-1", lambda: self.counts.append(self.fanout.viewers))
        self.number = 0

    async def send(self, count: int, size: int = 10, connection: int = 0) -> None:
        for _ in range(count):
            keyframe, at = self.number % 10 == 0, self.number * 0.04
            self.fanout.put(
                packet(self.number, keyframe=keyframe, at=at, size=size, connection=connection)
            )
            self.number += 1
            # Whoever is quick takes it now.
            await asyncio.sleep(0)


async def waiting(viewer: PacketSubscription) -> list[int]:
    """The numbers of what a viewer can have without waiting."""
    numbers = []
    try:
        async with asyncio.timeout(0.01):
            async for one in viewer:
                numbers.append(one.sequence)
    except TimeoutError:
        pass
    return numbers


async def test_a_viewer_who_joins_gets_what_came_since_the_last_keyframe() -> None:
    room = Room()
    await room.send(14)
    with room.fanout.subscribe() as viewer:
        assert await waiting(viewer) == [10, 11, 12, 13]
        await room.send(3)
        assert await waiting(viewer) == [14, 15, 16]
        assert viewer.dropped == 0
    assert room.counts == [1, 0]


async def test_without_a_keyframe_before_it_a_viewer_waits_for_one_and_has_lost_nothing() -> None:
    room = Room()
    room.number = 3
    with room.fanout.subscribe() as viewer:
        await room.send(9)
        assert await waiting(viewer) == [10, 11]
        assert viewer.dropped == 0


async def test_a_gop_that_is_too_large_is_not_kept() -> None:
    room = Room()
    await room.send(9, size=600_000)
    with room.fanout.subscribe() as viewer:
        assert await waiting(viewer) == []
        await room.send(3, size=600_000)
        assert await waiting(viewer) == [10, 11]


async def too_late(room: Room) -> None:
    await room.send(52)


async def too_many(room: Room) -> None:
    await room.send(packet_subscription.MOST_PACKETS + 2)


async def too_large(room: Room) -> None:
    await room.send(11, size=1_000_000)


@pytest.mark.parametrize("flood", [too_late, too_many, too_large])
async def test_a_slow_viewer_skips_to_a_keyframe_and_the_others_notice_nothing(
    flood: Callable[[Room], Awaitable[None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    if flood is too_many:
        monkeypatch.setattr(packet_subscription, "LATEST_S", 1e9)
    room = Room()
    seen: list[int] = []
    with room.fanout.subscribe() as slow, room.fanout.subscribe() as quick:

        async def look() -> None:
            async for one in quick:
                seen.append(one.sequence)

        looking = asyncio.create_task(look())
        await flood(room)
        await room.send(20)
        got = await waiting(slow)
        assert got[0] % 10 == 0
        assert got == list(range(got[0], room.number))
        assert slow.dropped == got[0] > 0
        assert quick.dropped == 0
        assert seen == list(range(room.number))
        looking.cancel()
    assert room.fanout.dropped == slow.dropped


async def test_a_new_connection_begins_with_a_keyframe_for_everybody() -> None:
    room = Room()
    await room.send(5)
    with room.fanout.subscribe() as viewer:
        room.fanout.interrupt()
        room.number = 7
        await room.send(4, connection=1)
        assert await waiting(viewer) == [0, 1, 2, 3, 4, 10]
        assert viewer.dropped == 0
    room.fanout.interrupt()
    with room.fanout.subscribe() as later:
        assert await waiting(later) == []


async def test_the_end_of_the_camera_ends_every_viewer() -> None:
    room = Room()
    await room.send(1)
    first, second = room.fanout.subscribe(), room.fanout.subscribe()
    assert (await anext(first)).sequence == 0
    waits = asyncio.create_task(anext(first, None))
    await asyncio.sleep(0)
    room.fanout.close()
    assert await waits is None
    assert [one async for one in second] == []
    assert room.fanout.viewers == 0
    with pytest.raises(KirdiError, match="stopped"):
        room.fanout.subscribe()
    second.close()


async def test_there_is_a_most_of_viewers() -> None:
    room = Room()
    viewers = [room.fanout.subscribe() for _ in range(MOST_VIEWERS)]
    with pytest.raises(KirdiError, match=f"{MOST_VIEWERS} look at it"):
        room.fanout.subscribe()
    viewers[0].close()
    viewers[0].close()
    assert room.fanout.viewers == MOST_VIEWERS - 1
    room.fanout.subscribe()
