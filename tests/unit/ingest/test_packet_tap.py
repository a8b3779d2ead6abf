"""The decoder's end of the pipe: shown every packet, silent while nobody looks, never waiting."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from itertools import pairwise
from typing import cast

import pytest
from av.packet import Packet
from av.video.stream import VideoStream

from streamer.domain.stream_format import StreamFormat
from streamer.ingest import pipe_writer
from streamer.ingest.packet_inspector import PacketInspector
from streamer.ingest.packet_tap import PacketTap
from streamer.ingest.packet_wire import MAX_PACKET_BYTES, PacketParser, WirePacket
from tests.integration.ingest.watching import descriptors


class Camera:
    """Sends pictures of so many bytes, a keyframe every tenth, and a service that may look."""

    def __init__(self) -> None:
        self.number = 0
        self.inspectors = 0
        self.tap = PacketTap(self._inspector)
        self.parser = PacketParser()
        self.read = -1

    def _inspector(self) -> PacketInspector:
        self.inspectors += 1
        return PacketInspector("mjpeg", (640, 360), Fraction(1, 90_000), None)

    def send(self, count: int = 1, size: int = 100) -> None:
        for _ in range(count):
            packet = video(self.number.to_bytes(4, "big") + bytes(size - 4))
            packet.pts, packet.is_keyframe = self.number * 3600, self.number % 10 == 0
            self.tap.see(packet, 1_000_000_000 + self.number * 40_000_000)
            self.number += 1

    @contextmanager
    def looking(self, pipe_bytes: int = 4096) -> Iterator[None]:
        self.read, write = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        fcntl.fcntl(write, fcntl.F_SETPIPE_SZ, pipe_bytes)
        self.parser = PacketParser()
        self.tap.open(write)
        try:
            yield
        finally:
            os.close(self.read)

    def hear(self) -> list[StreamFormat | WirePacket]:
        heard: list[StreamFormat | WirePacket] = []
        while True:
            try:
                heard += self.parser.feed(os.read(self.read, 1 << 20))
            except BlockingIOError:
                return heard

    def numbers(self) -> list[int]:
        return [number_of(one) for one in self.hear() if isinstance(one, WirePacket)]


def video(data: bytes) -> "Packet[VideoStream]":
    return cast("Packet[VideoStream]", Packet(data))


def number_of(packet: WirePacket) -> int:
    return int.from_bytes(packet.data[:4], "big")


def test_while_nobody_looks_no_packet_is_even_read() -> None:
    camera = Camera()
    camera.send(25)
    assert camera.inspectors == 0


def test_who_looks_gets_the_format_and_what_came_since_the_last_keyframe() -> None:
    camera = Camera()
    camera.send(13)
    with camera.looking():
        camera.send()
        given, *packets = camera.hear()
        assert isinstance(given, StreamFormat)
        assert (given.codec, given.width, given.timed_by_arrival) == ("mjpeg", 640, False)
        first, last = packets[0], packets[-1]
        assert isinstance(first, WirePacket)
        assert isinstance(last, WirePacket)
        assert (first.pts, first.arrived_ns, first.is_keyframe) == (36_000, 1_400_000_000, True)
        assert [number_of(cast("WirePacket", one)) for one in packets] == [10, 11, 12, 13]
        assert (len(last.data), last.dropped, last.is_keyframe) == (100, 0, False)
        camera.send(2)
        assert camera.numbers() == [14, 15]


def test_an_empty_packet_says_nothing() -> None:
    camera = Camera()
    with camera.looking():
        camera.tap.see(video(b""), 0)
        assert camera.hear() == []


@pytest.mark.parametrize("limit", ["MOST_BYTES", "MOST_MESSAGES"])
def test_a_service_that_does_not_read_loses_whole_gops_and_no_packet_is_torn(
    monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    monkeypatch.setattr(pipe_writer, limit, 20_000 if limit == "MOST_BYTES" else 20)
    camera = Camera()
    with camera.looking():
        camera.send(100, size=1000)
        heard = []
        for _ in range(30):
            heard += [one for one in camera.hear() if isinstance(one, WirePacket)]
            camera.send(1, size=1000)
        numbers = [number_of(one) for one in heard]
        (gap,) = (index for index, (a, b) in enumerate(pairwise(numbers)) if b != a + 1)
        assert numbers[gap + 1] % 10 == 0
        assert heard[gap + 1].dropped == numbers[gap + 1] - numbers[gap] - 1 > 50
        assert numbers[-1] >= 127


def test_a_picture_that_is_too_large_is_left_out_with_what_refers_to_it() -> None:
    camera = Camera()
    with camera.looking(1 << 20):
        camera.send(2)
        camera.send(1, size=MAX_PACKET_BYTES + 1)
        camera.send(8)
        assert camera.numbers() == [0, 1, 10]


def test_when_the_viewer_leaves_the_pipe_is_closed_and_the_next_one_begins_anew() -> None:
    before = descriptors()
    camera = Camera()
    with camera.looking():
        camera.send(3)
    camera.send(2)
    assert descriptors() == before
    camera.send(1)
    with camera.looking():
        camera.send(1)
        assert camera.numbers() == [0, 1, 2, 3, 4, 5, 6]
    with camera.looking():
        pass  # Gone before the next packet.
    camera.send(2)
    assert descriptors() == before


def test_a_second_pipe_replaces_the_first() -> None:
    before = descriptors()
    camera = Camera()
    with camera.looking():
        camera.send(2)
        first = camera.read
        with camera.looking():
            camera.send(1)
            assert camera.numbers() == [0, 1, 2]
            assert os.read(first, 1 << 20)
            assert os.read(first, 1) == b""
        camera.read = first
    camera.send(1)
    assert descriptors() == before
