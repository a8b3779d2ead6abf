"""The camera's own packets while browsers can show them; from then on one encoding for all."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction
from itertools import pairwise
from typing import Any, cast

from streamer.domain.encoded_packet import EncodedPacket
from streamer.domain.stream_format import StreamFormat
from streamer.domain.viewability import Viewability
from streamer.web.media.broadcast import Broadcast
from streamer.web.media.clear_feed import ClearFeed
from streamer.web.media.sources import LiveCameras, PacketStream

PLAIN = StreamFormat("h264", 640, 360, Fraction(1, 1000), Viewability.AS_IS)
REORDERED = replace(PLAIN, viewability=Viewability.B_FRAMES)


def packet(number: int, given: StreamFormat, connection: int = 0) -> EncodedPacket:
    return EncodedPacket(
        *("lobby", number, connection, 100 + number / 25, datetime.now(UTC)),
        *(40 * number, None, number % 5 == 0, given, bytes([number])),
    )


class Packets:
    """A camera's, until there are no more."""

    def __init__(self, *packets: EncodedPacket) -> None:
        self.packets = list(packets)
        self.closed = False

    def __aiter__(self) -> AsyncIterator[EncodedPacket]:
        return self._all()

    async def _all(self) -> AsyncIterator[EncodedPacket]:
        for one in self.packets:
            yield one

    def close(self) -> None:
        self.closed = True


class Encoding:
    """Makes of every packet one that browsers show."""

    def __init__(self, take: Callable[[EncodedPacket], None]) -> None:
        self.stopped = False
        self._take = take

    def put(self, packet: EncodedPacket) -> None:
        self._take(replace(packet, format=PLAIN, connection=7, data=b"encoded"))

    async def stop(self) -> None:
        self.stopped = True


class Cameras:
    def __init__(self) -> None:
        self.made: list[Encoding] = []

    def transcoding(self, camera_id: str, take: Callable[[EncodedPacket], None]) -> Encoding:
        self.made.append(Encoding(take))
        return self.made[-1]


async def fed(packets: Packets) -> tuple[Cameras, list[Any]]:
    cameras, broadcast = Cameras(), Broadcast(lambda function: function())
    queue = broadcast.subscribe()
    feed = ClearFeed("lobby", cast(LiveCameras, cameras), broadcast)
    async with asyncio.timeout(5):
        await feed.run(cast(PacketStream, packets))
    assert packets.closed
    return cameras, [await queue.get() for _ in range(queue.waiting)]


async def test_packets_are_passed_on_as_they_are() -> None:
    cameras, sent = await fed(Packets(*(packet(n, PLAIN) for n in range(8))))
    assert [one.data for one in sent] == [bytes([n]) for n in range(8)]
    assert cameras.made == []


async def test_from_the_first_that_browsers_cannot_show_all_are_encoded() -> None:
    packets = [*(packet(n, PLAIN) for n in range(3)), *(packet(n, REORDERED) for n in range(3, 12))]
    cameras, sent = await fed(Packets(*packets))
    (encoding,) = cameras.made
    assert encoding.stopped
    # What was sent before is not mixed with it: it begins at a keyframe.
    assert [one.data for one in sent] == [bytes([0]), bytes([1]), bytes([2]), *[b"encoded"] * 7]
    assert sent[3].is_keyframe


async def test_after_a_new_connection_it_goes_on_at_a_keyframe() -> None:
    old = [packet(n, PLAIN) for n in range(3)]
    new = [packet(n, PLAIN, 1) for n in range(3, 8)]
    _, sent = await fed(Packets(*old, *new))
    assert [one.data[0] for one in sent] == [0, 1, 2, 5, 6, 7]
    assert all(after.at > before.at for before, after in pairwise(sent))
