"""A decoder that gets too little of the processor, without a process: late packets are left out."""

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Self, cast

import av
import pytest
from av.packet import Packet
from av.video.stream import VideoStream

from streamer.ingest.decoder import Decoder
from streamer.ingest.decoder_command import Request
from streamer.ingest.protocol import Counters
from streamer.ingest.source import Source
from streamer.ingest.source_error import SourceError
from tests.video import make_video

FPS = 10
SECONDS = 12
REQUEST = Request("rtsp://camera/1", (), "tcp", float(FPS), 10.0, 10.0, 0)


class Recording:
    """Packets of a file in the place of a camera's, each arriving when `arrivals` says."""

    device = None
    received = 0

    def __init__(self, path: Path, delay_per_packet_s: float) -> None:
        self._container = av.open(str(path))
        self._delay_s = delay_per_packet_s
        self.stream = self._container.streams.video[0]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._container.close()

    def waits(self, size: int) -> bool:
        return self._delay_s > 0 and size > 0

    def packets(self) -> Iterator[tuple["Packet[VideoStream]", int]]:
        began = time.monotonic()
        for number, packet in enumerate(self._container.demux(self.stream)):
            late = number * (1 / FPS + self._delay_s)
            yield packet, round(1e9 * (began + late))


def decoded(path: Path, delay_per_packet_s: float) -> Counters:
    with ExitStack() as stack:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        stack.enter_context(ours)
        stack.enter_context(theirs)
        decoder = Decoder(ours, REQUEST)
        with pytest.raises(SourceError, match="closed the stream"):
            decoder.run(cast(Source, Recording(path, delay_per_packet_s)))
        return decoder.counters


def test_late_packets_are_left_out_and_due_ones_among_them_counted(tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    make_video(clip, size=(64, 48), fps=FPS, seconds=SECONDS)
    in_time = decoded(clip, 0.0)
    assert in_time.decoded == FPS * SECONDS
    # All are due. Four wait for the service, which takes none here; the rest finds no place.
    assert in_time.dropped == FPS * SECONDS - 4
    # Each packet comes half a picture later than the one before, as if decoding took that long.
    behind = decoded(clip, 0.5 / FPS)
    assert 0.2 * in_time.decoded < behind.decoded < 0.8 * in_time.decoded
    assert behind.dropped == in_time.dropped
    assert behind.errors == behind.corrupt == 0
