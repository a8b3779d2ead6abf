"""Hardware that is there and does not work: the decoder opens the stream again without it."""

import os
import socket
from collections.abc import Iterator
from types import SimpleNamespace, TracebackType

import av
import pytest

from streamer.ingest import decoder as module
from streamer.ingest.condition import Condition, Decoding
from streamer.ingest.decoder import Decoder
from streamer.ingest.protocol import Opened, Report, Request, parse_report
from streamer.ingest.source import SourceError

REQUEST = Request("rtsp://camera/1", (), "tcp", 5.0, 1.0, 1.0, os.getpid(), hwaccel="cuda")


class FakePacket:
    """A packet that only software can decode."""

    size = 1
    is_keyframe = True

    def __init__(self, works: bool) -> None:
        self._works = works

    def decode(self) -> list[av.VideoFrame]:
        if not self._works:
            raise av.InvalidDataError(1, "no")
        frame = av.VideoFrame(64, 48, "yuv420p")
        for plane in frame.planes:
            plane.update(bytes([128]) * plane.buffer_size)
        return [frame]


class FakeSource:
    """A camera that sends a packet every 40 ms, for ever with hardware and thirty without."""

    opened: list[Decoding | None]

    def __init__(self, request: Request, device: Decoding | None = None) -> None:
        self.device = device
        codec = SimpleNamespace(canonical_name="h264")
        context = SimpleNamespace(codec=codec, has_b_frames=False)
        self.stream = SimpleNamespace(codec_context=context)

    def __enter__(self) -> "FakeSource":
        self.opened.append(self.device)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        pass

    def packets(self) -> Iterator[tuple[FakePacket, int]]:
        for index in range(1000 if self.device else 30):
            yield FakePacket(works=self.device is None), index * 40_000_000


def reports(link: socket.socket) -> Iterator[Report]:
    link.setblocking(False)
    while True:
        try:
            yield parse_report(link.recv(65536))
        except BlockingIOError:
            return


def test_after_ten_packets_without_a_frame_software_takes_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    opened: list[Decoding | None] = []
    monkeypatch.setattr(FakeSource, "opened", opened, raising=False)
    monkeypatch.setattr(module, "Source", FakeSource)
    monkeypatch.setattr(module, "find_hardware", lambda _: Decoding.CUDA)
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs:
        decoder = Decoder(theirs, REQUEST)
        with pytest.raises(SourceError):
            decoder.run()
        said = list(reports(ours))
    assert opened == [Decoding.CUDA, None]
    assert said[0] == said[1] == Opened()
    assert (decoder.counters.errors, decoder.counters.decoded) == (10, 30)
    (condition,) = [one for one in said if isinstance(one, Condition)]
    assert condition.decoding is Decoding.SOFTWARE
