"""Hardware that is there and does not work: the decoder gives up, and says that it was that."""

import os
import socket
from collections.abc import Iterator
from types import TracebackType
from typing import cast

import av
import pytest

from streamer.ingest.condition import Decoding
from streamer.ingest.decoder import Decoder
from streamer.ingest.decoder_command import Request
from streamer.ingest.protocol import FailureKind
from streamer.ingest.source import Source
from streamer.ingest.source_error import SourceError

REQUEST = Request("rtsp://camera/1", (), "tcp", 5.0, 1.0, 1.0, os.getpid(), hwaccel="cuda")


class FakePacket:
    """A packet that the hardware cannot decode."""

    size = 1
    is_keyframe = True
    pts = dts = None

    def decode(self) -> list[av.VideoFrame]:
        raise av.InvalidDataError(1, "no")


class FakeSource:
    """A camera that sends so many packets, 40 ms apart."""

    def __init__(self, device: Decoding | None, packets: int) -> None:
        self.device = device
        self.received = 0
        self._packets = packets

    def __enter__(self) -> "FakeSource":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        pass

    def waits(self, size: int) -> bool:
        return False

    def packets(self) -> Iterator[tuple[FakePacket, int]]:
        for index in range(self._packets):
            yield FakePacket(), index * 40_000_000


@pytest.mark.parametrize(
    ("device", "packets", "kind", "errors"),
    [
        (Decoding.CUDA, 1000, FailureKind.HARDWARE, 10),
        (Decoding.CUDA, 9, FailureKind.ENDED, 9),
        (None, 30, FailureKind.ENDED, 30),
    ],
    ids=["ten packets and no frame", "too early to tell", "software is not blamed"],
)
def test_hardware_that_decodes_nothing_is_given_up(
    device: Decoding | None, packets: int, kind: FailureKind, errors: int
) -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs:
        decoder = Decoder(theirs, REQUEST)
        with pytest.raises(SourceError) as caught:
            decoder.run(cast("Source", FakeSource(device, packets)))
    assert caught.value.failure.kind is kind
    assert decoder.counters.errors == errors
