"""A decoder taken over by its video, and the pipe it has for encoded packets."""

import asyncio
import os
import socket
import time
from collections.abc import Callable
from contextlib import suppress

import pytest

from streamer.domain.stream_format import StreamFormat
from streamer.ingest.decoder_command import View, parse_command
from streamer.ingest.packet_wire import WirePacket, pack_format, pack_packet
from streamer.ingest.protocol import MAX_DATAGRAM_BYTES, Failure, FailureKind
from tests.integration.ingest.test_hostile_decoder import Hostile
from tests.integration.ingest.watching import descriptors
from tests.unit.ingest.packets import FORMAT


class HostileForwarder(Hostile):
    """Has been told that somebody looks."""

    def __init__(self) -> None:
        super().__init__()
        self.taken: list[tuple[StreamFormat, WirePacket]] = []
        self.link.recv(MAX_DATAGRAM_BYTES)
        self.decoder.view(lambda given, packet: self.taken.append((given, packet)))
        data, (self.pipe,), _, _ = socket.recv_fds(self.link, MAX_DATAGRAM_BYTES, 1)
        assert parse_command(data) == View()

    def write(self, data: bytes) -> bytes:
        """As far as the pipe takes it; the rest."""
        with suppress(BlockingIOError, BrokenPipeError):
            while data:
                data = data[os.write(self.pipe, data) :]
        return data

    async def end(self) -> None:
        os.close(self.pipe)
        await super().end()


def packet(arrived_ns: int | None = None) -> bytes:
    at = time.monotonic_ns() if arrived_ns is None else arrived_ns
    return pack_packet(WirePacket(0, None, at, True, 0, b"x"))


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        (lambda: b"\xff" * 100, "a packet of"),
        (lambda: packet(), "before its format"),
        (lambda: pack_format(FORMAT) + packet(0), "from another time"),
        (lambda: pack_format(FORMAT) + packet(time.monotonic_ns() + 10**9), "from another time"),
        (lambda: b"\x07\0\0\0\0", "unknown packet"),
    ],
    ids=["garbage", "no format", "from the past", "from the future", "unknown"],
)
async def test_what_is_no_packet_ends_that_connection(
    sent: Callable[[], bytes], words: str
) -> None:
    hostile = HostileForwarder()
    hostile.write(sent())
    heard = [await hostile.decoder.receive(0.05, asyncio.Event()) for _ in range(2)]
    (failure,) = (one for one in heard if one is not None)
    assert isinstance(failure, Failure)
    assert failure.kind is FailureKind.GARBLED
    assert words in failure.text
    assert hostile.taken == []
    await hostile.end()


async def test_a_flood_ends_that_connection_and_starves_nobody() -> None:
    hostile = HostileForwarder()
    hostile.write(pack_format(FORMAT))
    flood = pack_packet(WirePacket(0, None, time.monotonic_ns(), True, 0, bytes(4000))) * 200
    failure, rest = None, b""
    for _ in range(200):
        rest = hostile.write(rest or flood)
        failure = await hostile.decoder.receive(0.001, asyncio.Event())
        if failure is not None:
            break
    assert failure == Failure(FailureKind.GARBLED, "the decoder sent a flood of packets")
    await hostile.end()


async def test_half_a_packet_and_the_end_of_the_pipe_is_no_packet() -> None:
    before = descriptors()
    hostile = HostileForwarder()
    hostile.write((pack_format(FORMAT) + packet())[:-1])
    await asyncio.sleep(0.02)
    hostile.decoder.unview()
    hostile.decoder.view(lambda *_: None)
    _, (second,), _, _ = socket.recv_fds(hostile.link, MAX_DATAGRAM_BYTES, 1)
    assert hostile.taken == []
    os.close(second)
    await asyncio.sleep(0.02)
    assert await hostile.decoder.receive(0.01, asyncio.Event()) is None
    await hostile.end()
    hostile.decoder.unview()
    assert descriptors() == before
