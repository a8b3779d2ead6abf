"""Decoding pictures and encoding them again, changed. Blocking; used by `rendition`."""

from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction

import av
import numpy as np
from av import Packet, VideoFrame
from av.stream import Stream
from av.video.codeccontext import VideoCodecContext
from numpy.typing import NDArray

from streamer.simulator.access_unit import CLOCK_RATE, AccessUnit
from streamer.simulator.codec import Codec
from streamer.simulator.jpeg_payload import MAX_SIDE
from streamer.simulator.nal import is_sendable, split_annex_b

Paint = Callable[[NDArray[np.uint8], float], NDArray[np.uint8]]
"""From an RGB picture (height, width, 3) and its time in seconds to another, of any size."""

_TIME_BASE = Fraction(1, CLOCK_RATE)
_DECODERS = {Codec.H264: "h264", Codec.H265: "hevc"}
_ENCODERS = {Codec.H264: "libx264", Codec.H265: "libx265", Codec.JPEG: "mjpeg"}
_GOP_S = 2
_OPTIONS = {
    Codec.H264: {"preset": "ultrafast", "tune": "zerolatency"},
    Codec.H265: {
        "preset": "ultrafast",
        "tune": "zerolatency",
        "x265-params": "log-level=none:pools=2:frame-threads=1:repeat-headers=1",
    },
    # RFC 2435 knows the standard Huffman tables only.
    Codec.JPEG: {"huffman": "default", "qmin": "3", "qmax": "5", "strict": "unofficial"},
}


class Transcoder:
    """Turns one codec's pictures into another's, without B-frames: sent when they are shown.

    What cannot be decoded is left out, as a camera would.
    """

    def __init__(self, source: Codec, target: Codec, frame_duration: int, paint: Paint) -> None:
        self._source = source
        self._target = target
        self._frame_duration = frame_duration
        self._paint = paint
        self._decoder = _decoder(source)
        self._encoder: VideoCodecContext | None = None
        self._sent_pts = -(1 << 62)

    def catch_up(self, units: Iterable[AccessUnit]) -> None:
        """Take note of pictures that were sent as they are, the last keyframe first."""
        for unit in units:
            for _ in self._decoded(unit):
                pass
            self._sent_pts = max(self._sent_pts, unit.pts)

    def units(self, unit: AccessUnit) -> Iterator[AccessUnit]:
        """The pictures that are complete now."""
        for frame in self._decoded(unit):
            yield from self._encoded(frame)

    def flush(self) -> Iterator[AccessUnit]:
        """The pictures still held back; nothing may be asked of it afterwards."""
        for frame in self._frames(None):
            yield from self._encoded(frame)
        yield from self._drained()

    def _decoded(self, unit: AccessUnit) -> Iterator[VideoFrame]:
        packet = Packet(b"".join(b"\0\0\0\1" + nal for nal in unit.nals))
        packet.pts, packet.dts, packet.time_base = unit.pts, unit.dts, _TIME_BASE
        return self._frames(packet)

    def _frames(self, packet: "Packet[Stream] | None") -> Iterator[VideoFrame]:
        try:
            yield from self._decoder.decode(packet)
        except av.error.FFmpegError:
            return

    def _encoded(self, frame: VideoFrame) -> Iterator[AccessUnit]:
        # Pictures that were already sent, or whose times go back, can't be encoded after others.
        if frame.pts is None or frame.pts <= self._sent_pts:
            return
        self._sent_pts = frame.pts
        picture = self._paint(
            np.asarray(frame.to_ndarray(format="rgb24"), dtype=np.uint8), frame.pts / CLOCK_RATE
        )
        changed = VideoFrame.from_ndarray(_fitting(picture, self._target), format="rgb24")
        changed.pts, changed.time_base = frame.pts, _TIME_BASE
        if self._encoder is None or _size(self._encoder) != _size(changed):
            yield from self._drained()
            self._encoder = self._new_encoder(*_size(changed))
        for packet in self._encoder.encode(changed):
            yield self._unit(packet)

    def _drained(self) -> Iterator[AccessUnit]:
        if self._encoder is not None:
            for packet in self._encoder.encode(None):
                yield self._unit(packet)
            self._encoder = None

    def _unit(self, packet: "Packet[Stream]") -> AccessUnit:
        assert packet.pts is not None
        data = bytes(packet)
        nals = (
            (data,)
            if self._target is Codec.JPEG
            else tuple(nal for nal in split_annex_b(data) if is_sendable(self._target, nal))
        )
        return AccessUnit(packet.pts, packet.pts, self._frame_duration, packet.is_keyframe, nals)

    def _new_encoder(self, width: int, height: int) -> VideoCodecContext:
        encoder = av.CodecContext.create(_ENCODERS[self._target], "w")
        assert isinstance(encoder, VideoCodecContext)
        rate = Fraction(CLOCK_RATE, self._frame_duration).limit_denominator(1001)
        encoder.width, encoder.height = width, height
        encoder.pix_fmt = "yuvj420p" if self._target is Codec.JPEG else "yuv420p"
        encoder.time_base, encoder.framerate = _TIME_BASE, rate
        encoder.gop_size = max(1, round(rate * _GOP_S))
        encoder.max_b_frames = 0
        # Several threads would cut JPEG pictures with restart intervals.
        encoder.thread_count = 1
        encoder.options = _OPTIONS[self._target]
        return encoder


def _decoder(codec: Codec) -> VideoCodecContext:
    decoder = av.CodecContext.create(_DECODERS[codec], "r")
    assert isinstance(decoder, VideoCodecContext)
    decoder.thread_count = 1
    return decoder


def _size(of: VideoCodecContext | VideoFrame) -> tuple[int, int]:
    return of.width, of.height


def _fitting(picture: NDArray[np.uint8], codec: Codec) -> NDArray[np.uint8]:
    """The picture without the edges that the codec or its payload format can't carry."""
    step, most = (8, MAX_SIDE) if codec is Codec.JPEG else (2, 1 << 16)
    height, width = (min(side, most) // step * step for side in picture.shape[:2])
    return np.ascontiguousarray(picture[:height, :width])
