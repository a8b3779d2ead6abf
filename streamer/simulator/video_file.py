"""A video file as a sequence of access units. Blocking; run by `unit_reader` off the event loop.

The only module of the simulator that touches FFmpeg.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import islice
from pathlib import Path

import av
from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

from streamer.errors import InputError
from streamer.simulator.access_unit import CLOCK_RATE, AccessUnit
from streamer.simulator.codec import Codec
from streamer.simulator.nal import (
    is_delimiter,
    is_random_access,
    is_sendable,
    parameter_sets_of,
    read_extradata,
    split_annex_b,
    split_length_prefixed,
)
from streamer.simulator.packet_times import TimedPacket, complete_times
from streamer.simulator.parameter_sets import ParameterSets

_CODECS = {"h264": Codec.H264, "hevc": Codec.H265}
_DEFAULT_RATE = Fraction(25)
_SEARCHED_UNITS = 64
# A file may name other files or addresses (a playlist does): only what it holds itself is played.
_OPTIONS = {
    "protocol_whitelist": "file",
    "format_whitelist": "mov,matroska,mpegts,avi,flv,mpeg,asf,mxf,ogg,ivf,h264,hevc,gif,wav,mp3",
}


@dataclass(frozen=True, slots=True)
class VideoFile:
    """What is known of a file before it is played.

    `frame_duration` is in ticks of 1/90000 s. `display_order` gives each picture's place where
    the file does not say when pictures are shown, and that is another order than they are stored
    in: an elementary stream or an AVI with B-frames. Finding it out takes decoding the whole file.
    """

    path: Path
    codec: Codec
    fps: float
    frame_duration: int
    length_size: int | None
    parameters: ParameterSets
    display_order: tuple[int, ...] = ()

    @classmethod
    def open(cls, path: Path) -> "VideoFile":
        """Look into a file.

        Raises:
            InputError: It is absent, unreadable, no video, or in a codec that is not sent.
        """
        with _open(path) as container:
            stream = _video_stream(container, path)
            codec = _CODECS.get(stream.codec_context.codec.canonical_name)
            if codec is None:
                raise InputError(
                    f"{path}: its video is {stream.codec_context.codec.canonical_name}, and a "
                    "camera sends H.264 or H.265; convert it, for example with "
                    "ffmpeg -i IN -c:v libx264 OUT.mp4"
                )
            rate = stream.average_rate or stream.guessed_rate or _DEFAULT_RATE
            length_size, parameters = read_extradata(codec, stream.codec_context.extradata or b"")
            untimed = stream.codec_context.has_b_frames and _lacks_times(container, stream)
        found = cls(
            path=path,
            codec=codec,
            fps=float(rate),
            frame_duration=max(1, round(CLOCK_RATE / rate)),
            length_size=length_size,
            parameters=parameters,
            display_order=_display_order(path) if untimed else (),
        )
        return found._with_parameters()

    def units(self) -> Iterator[AccessUnit]:
        """The file's pictures in decoding order, times as in the file.

        Parameter sets stand before every picture a decoder can start at. A file that turns out
        damaged ends there.

        Raises:
            InputError: The file can no longer be opened.
        """
        parameters = self.parameters
        for packet in complete_times(self._packets(), self.frame_duration, self.display_order):
            nals = self._nals(packet.data)
            if not nals:
                continue
            present = parameter_sets_of(self.codec, nals)
            parameters = parameters.updated(present)
            keyframe = packet.keyframe or is_random_access(self.codec, nals)
            if keyframe and (missing := parameters.missing_from(present)):
                at = 1 if is_delimiter(self.codec, nals[0]) else 0
                nals = (*nals[:at], *missing, *nals[at:])
            yield AccessUnit(packet.dts, packet.pts, packet.duration, keyframe, nals)

    def _nals(self, data: bytes) -> tuple[bytes, ...]:
        nals = (
            split_annex_b(data)
            if self.length_size is None
            else split_length_prefixed(data, self.length_size)
        )
        return tuple(nal for nal in nals if is_sendable(self.codec, nal))

    def _packets(self) -> Iterator[TimedPacket]:
        with _open(self.path) as container:
            stream = _video_stream(container, self.path)
            base = stream.time_base or Fraction(1, CLOCK_RATE)
            try:
                for packet in container.demux(stream):
                    if packet.size == 0:
                        continue
                    yield TimedPacket(
                        dts=_ticks(packet.dts, base),
                        pts=_ticks(packet.pts, base),
                        duration=_ticks(packet.duration, base) or 0,
                        keyframe=packet.is_keyframe,
                        data=bytes(packet),
                    )
            except av.error.FFmpegError:
                return

    def _with_parameters(self) -> "VideoFile":
        """Take parameter sets from the first pictures where the container has none."""
        if self.parameters.sps:
            return self
        for unit in islice(self.units(), _SEARCHED_UNITS):
            present = parameter_sets_of(self.codec, unit.nals)
            if present.sps:
                return replace(self, parameters=present)
        return self


def _open(path: Path) -> InputContainer:
    if not path.is_file():
        raise InputError(f"{path}: not a file; give the path of a video file")
    try:
        return av.open(str(path.resolve()), mode="r", options=_OPTIONS)
    except (av.error.FFmpegError, OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise InputError(
            f"{path}: cannot be read as video ({reason}); give a video file"
        ) from error


def _video_stream(container: InputContainer, path: Path) -> VideoStream:
    for stream in container.streams.video:
        if not stream.disposition & Disposition.attached_pic:
            return stream
    raise InputError(f"{path}: holds no video; give a file with an H.264 or H.265 track")


def _ticks(time: int | None, base: Fraction) -> int | None:
    return None if time is None else round(time * base * CLOCK_RATE)


def _lacks_times(container: InputContainer, stream: VideoStream) -> bool:
    """Whether the file leaves out when pictures are shown; looks at its first packets."""
    if container.format.name == "avi":
        return True  # FFmpeg makes times up for it, in the order of storage.
    try:
        packets = islice(container.demux(stream), _SEARCHED_UNITS)
        return any(packet.pts is None for packet in packets if packet.size)
    except av.error.FFmpegError:
        return False


def _display_order(path: Path) -> tuple[int, ...]:
    """Each picture's place in display order, learnt by decoding once with numbers for times."""
    order: list[int] = []
    shown = 0
    with _open(path) as container:
        stream = _video_stream(container, path)
        try:
            for packet in container.demux(stream):
                if packet.size:
                    packet.pts = packet.dts = len(order)
                    order.append(len(order))
                for frame in packet.decode():
                    if frame.pts is not None and 0 <= frame.pts < len(order):
                        order[frame.pts] = shown
                        shown += 1
        except av.error.FFmpegError:
            pass  # What is damaged is shown in decoding order.
    return tuple(order)
