"""A decoder taken over by the video it decoded: whatever it sends, the service goes on."""

import array
import asyncio
import fcntl
import os
import random
import socket
import struct
import time
from collections.abc import Callable

import pytest

from streamer.ingest.child_process import ChildProcess
from streamer.ingest.decoder_process import DecoderProcess, Received
from streamer.ingest.protocol import (
    Counters,
    Failure,
    FailureKind,
    Geometry,
    Opened,
    Report,
    Written,
    pack_report,
)
from tests.integration.ingest.watching import descriptors, request

GEOMETRY = Geometry(1, 64, 48)


class Hostile:
    """The other end of the socket in the test's hands, with no process behind it."""

    def __init__(self) -> None:
        self.decoder = DecoderProcess(request("x"), spawn=self._spawn)
        self.decoder.start()

    def _spawn(self, link: socket.socket) -> ChildProcess:
        self.link = link.dup()
        return NoProcess()

    def send(self, *reports: Report | bytes) -> None:
        for report in reports:
            self.link.send(report if isinstance(report, bytes) else pack_report(report))

    def send_memory(
        self, geometry: Geometry = GEOMETRY, size: int | None = None, copies: int = 1
    ) -> None:
        descriptor = os.memfd_create("test", os.MFD_ALLOW_SEALING)
        os.ftruncate(descriptor, geometry.memory_bytes if size is None else size)
        fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK)
        socket.send_fds(self.link, [pack_report(geometry)], [descriptor] * copies)
        os.close(descriptor)

    async def hear(self, count: int) -> list[Received | None]:
        return [await self.decoder.receive(1, asyncio.Event()) for _ in range(count)]

    async def end(self) -> None:
        self.link.close()
        await self.decoder.stop(asyncio.Event())


class NoProcess(ChildProcess):
    def __init__(self) -> None:
        pass

    @property
    def pid(self) -> int:
        return 0

    async def end(self, ask: Callable[[], None], hurry: asyncio.Event) -> None:
        ask()

    async def last_words(self, wait_s: float) -> str:
        return "gone"


def written(slot: int = 0, generation: int = 1, decoded: int = 1) -> Written:
    return Written(generation, slot, None, time.monotonic_ns(), Counters(decoded=decoded))


def no_memory(hostile: Hostile) -> None:
    hostile.send(written())


def wrong_generation(hostile: Hostile) -> None:
    hostile.send_memory()
    hostile.send(written(generation=2))


def same_slot_twice(hostile: Hostile) -> None:
    hostile.send_memory()
    hostile.send(written(), written())


def memory_without_a_descriptor(hostile: Hostile) -> None:
    hostile.send(GEOMETRY)


def too_many_descriptors(hostile: Hostile) -> None:
    hostile.send_memory(copies=50)


def memory_too_small(hostile: Hostile) -> None:
    hostile.send_memory(size=100)


def memory_too_large(hostile: Hostile) -> None:
    hostile.send(struct.pack("<BIHH", 17, 1, 8192, 8192))


def generation_again(hostile: Hostile) -> None:
    hostile.send_memory()
    hostile.send_memory()


def descriptor_with_something_else(hostile: Hostile) -> None:
    reading, writing = os.pipe()
    socket.send_fds(hostile.link, [pack_report(Opened())], [reading])
    os.close(reading)
    os.close(writing)


def a_socket_for_memory(hostile: Hostile) -> None:
    socket.send_fds(hostile.link, [pack_report(GEOMETRY)], [hostile.link.fileno()])


def counters_backwards(hostile: Hostile) -> None:
    hostile.send(Counters(decoded=5), Counters(decoded=4))


def more_corrupt_than_decoded(hostile: Hostile) -> None:
    hostile.send(Counters(decoded=1, corrupt=2))


def from_the_future(hostile: Hostile) -> None:
    hostile.send_memory()
    hostile.send(Written(1, 0, None, time.monotonic_ns() + 10**12, Counters(decoded=1)))


def from_the_past(hostile: Hostile) -> None:
    hostile.send_memory()
    hostile.send(Written(1, 0, None, 1, Counters(decoded=1)))


def too_long(hostile: Hostile) -> None:
    hostile.send(b"\x14\x00" + b"x" * 100_000)


def empty_kind(hostile: Hostile) -> None:
    hostile.send(b"\x14\xff")


def unknown(hostile: Hostile) -> None:
    hostile.send(b"\x63")


ATTACKS = [
    no_memory,
    wrong_generation,
    same_slot_twice,
    memory_without_a_descriptor,
    too_many_descriptors,
    memory_too_small,
    memory_too_large,
    generation_again,
    descriptor_with_something_else,
    a_socket_for_memory,
    counters_backwards,
    more_corrupt_than_decoded,
    from_the_future,
    from_the_past,
    too_long,
    empty_kind,
    unknown,
]


@pytest.mark.parametrize("attack", ATTACKS)
async def test_anything_unexpected_is_a_failure_and_costs_nothing(
    attack: Callable[[Hostile], None],
) -> None:
    before = descriptors()
    hostile = Hostile()
    attack(hostile)
    async with asyncio.timeout(1):
        while not isinstance(message := await hostile.decoder.receive(1, asyncio.Event()), Failure):
            del message
    assert message.kind is FailureKind.GARBLED
    await hostile.end()
    assert descriptors() == before


async def test_a_flood_is_a_failure() -> None:
    hostile = Hostile()
    async with asyncio.timeout(10):
        while True:
            for _ in range(100):
                hostile.send(Opened())
            messages = await hostile.hear(100)
            if any(isinstance(message, Failure) for message in messages):
                break
    await hostile.end()


async def test_random_datagrams_never_raise() -> None:
    chance = random.Random(7)
    hostile = Hostile()
    for _ in range(600):
        data = chance.randbytes(chance.randrange(1, 60))
        hostile.send(bytes([chance.choice((data[0], *range(15, 22)))]) + data[1:])
        await hostile.decoder.receive(1, asyncio.Event())
    await hostile.end()


async def test_a_stray_descriptor_is_closed_even_when_the_message_is_cut() -> None:
    before = descriptors()
    hostile = Hostile()
    reading, writing = os.pipe()
    rights = array.array("i", [reading, writing])
    hostile.link.sendmsg([b"\x11"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])
    os.close(reading)
    os.close(writing)
    assert isinstance((await hostile.hear(1))[0], Failure)
    await hostile.end()
    assert descriptors() == before


async def test_hanging_up_is_a_failure_with_last_words() -> None:
    hostile = Hostile()
    hostile.link.close()
    assert await hostile.hear(1) == [Failure(FailureKind.DIED, "gone")]
    await hostile.end()


async def test_a_secret_in_a_failure_is_hidden() -> None:
    hostile = Hostile()
    hostile.send(Failure(FailureKind.OTHER, "cannot open rtsp://viewer:geheim%21@host/geheim!"))
    (failure,) = await hostile.hear(1)
    assert isinstance(failure, Failure)
    assert "geheim" not in failure.text
    assert failure.text.startswith("cannot open")
    await hostile.end()


async def test_last_words_are_heard_though_the_decoder_left_ours_unread() -> None:
    """It ends while the service gives a picture back, as at the end of every other stream."""
    hostile = Hostile()
    failure = Failure(FailureKind.ENDED, "the camera closed the stream")
    hostile.send(Counters(decoded=8), failure)
    hostile.link.close()  # the request lies there still
    assert await hostile.hear(3) == [Counters(decoded=8), failure, gone()]
    await hostile.decoder.stop(asyncio.Event())


def gone() -> Failure:
    return Failure(FailureKind.DIED, "gone")
