"""A transcoding process: `python -m streamer.ingest.transcoder FROM TO`, both of them pipes.

Started by `PacketTranscoding`. It decodes packets that browsers can't show and encodes the pictures
as H.264. Like a decoder process it is confined, and holds no secret; it connects to nothing at all.
"""

import os
import select
import sys
import time
from collections.abc import Iterator
from fractions import Fraction
from typing import Final, NoReturn, cast

import av
from av import VideoFrame
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType
from av.video.stream import VideoStream

from streamer.domain.stream_format import StreamFormat
from streamer.domain.viewability import Viewability
from streamer.ingest.confinement import confine, lock_down
from streamer.ingest.packet_wire import PacketParser, WirePacket, pack_format, pack_packet
from streamer.ingest.protocol import ProtocolError

_PIECE_BYTES: Final = 256 * 1024
_WRITE_S: Final = 10.0
_CODECS: Final = ("h264", "hevc", "mjpeg", "mpeg4", "vp8", "vp9", "av1")
_CLOCK: Final = 90_000
_WIDEST_PX: Final = 1280
_FPS: Final = 15.0
_KEYFRAME_S: Final = 2.0
_LATE_S: Final = 1.0
_LOST_S: Final = 2.5
_MOST_TIMES: Final = 256
_OPTIONS: Final = {
    "preset": "veryfast",
    "tune": "zerolatency",
    "crf": "25",
    "maxrate": "2500k",
    "bufsize": "2500k",
    "forced-idr": "1",
    "g": "100000",
    "sc_threshold": "0",
    "bf": "0",
}


class Transcoder:
    """Packets of one camera, in order. What is late is decoded and not encoded."""

    def __init__(self) -> None:
        """Begin before the first format."""
        self._given: StreamFormat | None = None
        self._decoder: VideoCodecContext | None = None
        self._encoder: VideoCodecContext | None = None
        self._size = (0, 0)
        self._arrived: dict[int, int] = {}
        self._skipping = True
        self._due = 0
        self._keyframe_ns = 0
        self._latest = -1

    def begin(self, given: StreamFormat) -> None:
        """What comes from now on has another format; raises ProtocolError where it is unknown."""
        if given.codec not in _CODECS:
            raise ProtocolError("a codec that is not transcoded")
        decoder = av.CodecContext.create(given.codec, "r")
        assert isinstance(decoder, VideoCodecContext)
        decoder.thread_count = 1
        self._given, self._decoder = given, decoder
        self._skipping = True
        self._arrived.clear()

    def take(self, packet: WirePacket) -> Iterator[bytes]:
        """Take in a packet; what is to be written of it.

        Raises:
            ProtocolError: It comes before a format.
        """
        if self._decoder is None or self._given is None:
            raise ProtocolError("a packet before its format")
        if time.monotonic_ns() - packet.arrived_ns > _LOST_S * 1e9:
            # Too slow for all of it: what comes next begins with a keyframe.
            self._skipping = True
            if not packet.is_keyframe:
                return
        if self._skipping and not packet.is_keyframe:
            return
        self._skipping = False
        encoded = cast("Packet[VideoStream]", Packet(packet.data))
        encoded.pts, encoded.dts, encoded.time_base = packet.pts, None, self._given.time_base
        self._arrived[packet.pts] = packet.arrived_ns
        while len(self._arrived) > _MOST_TIMES:
            del self._arrived[next(iter(self._arrived))]
        try:
            frames = self._decoder.decode(encoded)
        except av.FFmpegError:
            self._skipping = True
            return
        for frame in frames:
            yield from self._show(frame, packet.arrived_ns)

    def _show(self, frame: VideoFrame, newest_ns: int) -> Iterator[bytes]:
        assert self._given is not None
        pts = frame.pts
        arrived_ns = newest_ns if pts is None else self._arrived.pop(pts, newest_ns)
        if time.monotonic_ns() - arrived_ns > _LATE_S * 1e9 or frame.is_corrupt:
            return
        ticks = arrived_ns * _CLOCK // 1_000_000_000
        if pts is not None:
            ticks = int(pts * self._given.time_base * _CLOCK)
        if self._latest < ticks < self._due:
            return
        # A quarter of an interval early is in time: cameras are not even.
        self._due = ticks + round(0.75 * _CLOCK / _FPS)
        size = _size_of(frame)
        if self._encoder is None or size != self._size:
            self._open(size)
            yield pack_format(
                StreamFormat(
                    "h264", size[0], size[1], Fraction(1, _CLOCK), Viewability.AS_IS, False
                )
            )
        assert self._encoder is not None
        plain = frame.reformat(width=size[0], height=size[1], format="yuv420p")
        # A camera's clock that was set back begins anew; else times grow.
        self._latest = max(ticks, self._latest + 1) if ticks > self._latest - _CLOCK else ticks
        plain.pts, plain.time_base = self._latest, Fraction(1, _CLOCK)
        plain.pict_type = PictureType.NONE
        if arrived_ns - self._keyframe_ns >= _KEYFRAME_S * 1e9:
            plain.pict_type = PictureType.I
        for one in self._encoder.encode(plain):
            if one.is_keyframe:
                self._keyframe_ns = arrived_ns
            yield pack_packet(
                WirePacket(one.pts or 0, None, arrived_ns, bool(one.is_keyframe), 0, bytes(one))
            )

    def _open(self, size: tuple[int, int]) -> None:
        encoder = av.CodecContext.create("libx264", "w")
        assert isinstance(encoder, VideoCodecContext)
        encoder.width, encoder.height = size
        encoder.pix_fmt = "yuv420p"
        encoder.time_base = Fraction(1, _CLOCK)
        encoder.framerate = Fraction(round(_FPS), 1)
        encoder.thread_count = 1
        encoder.options = dict(_OPTIONS)
        encoder.profile = "Baseline"
        self._encoder, self._size = encoder, size
        self._keyframe_ns = 0


def _size_of(frame: VideoFrame) -> tuple[int, int]:
    share = min(1.0, _WIDEST_PX / frame.width)
    return max(2, int(frame.width * share) // 2 * 2), max(2, int(frame.height * share) // 2 * 2)


def write(descriptor: int, message: bytes) -> None:
    """Write all of it; a service that does not read for long is gone."""
    left = memoryview(message)
    poll = select.poll()
    poll.register(descriptor, select.POLLOUT)
    while left:
        if not poll.poll(_WRITE_S * 1000):
            leave()
        try:
            left = left[os.write(descriptor, left) :]
        except BlockingIOError:
            continue
        except OSError:
            leave()


def leave() -> NoReturn:
    """End at once."""
    os._exit(0)


def main(source: int, sink: int) -> NoReturn:
    """Be a transcoding process."""
    confine()
    lock_down(port=None)
    os.set_blocking(source, True)
    parser, transcoder = PacketParser(), Transcoder()
    while piece := os.read(source, _PIECE_BYTES):
        try:
            for one in parser.feed(piece):
                if isinstance(one, StreamFormat):
                    transcoder.begin(one)
                    continue
                for message in transcoder.take(one):
                    write(sink, message)
        except (ProtocolError, av.FFmpegError):
            leave()
    leave()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
