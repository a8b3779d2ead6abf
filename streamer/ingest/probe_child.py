"""The child process of `probe`: `python -m streamer.ingest.probe_child`.

Reads one JSON line from stdin (the only place where the URL stands), looks at the stream and writes
one JSON line, then the snapshot's bytes. A process of its own, because FFmpeg can hang beyond any
time-out, and malformed video has been code execution.
"""

import json
import sys
import time
from dataclasses import asdict, dataclass, field
from fractions import Fraction
from typing import Final, Literal

import av
from av import VideoFrame
from av.packet import Packet
from av.video.frame import PictureType
from av.video.stream import VideoStream

from streamer.ingest.confinement import confine
from streamer.ingest.decoder_command import Request
from streamer.ingest.protocol import FailureKind
from streamer.ingest.source import Source
from streamer.ingest.source_error import SourceError
from streamer.ingest.stream_info import StreamInfo

_WANTED_KEYFRAMES: Final = 3
_FEWEST_FRAMES: Final = 3
_WIDEST_PX: Final = 1280

SnapshotFormat = Literal["mjpeg", "png"]
_PIXEL_FORMATS: Final[dict[SnapshotFormat, str]] = {"mjpeg": "yuvj420p", "png": "rgb24"}


@dataclass(slots=True)
class _Observation:
    """What was seen so far. Times in seconds, sizes in bytes."""

    first_frame: VideoFrame | None = None
    first_frame_s: float = 0.0
    shown_at: list[float] = field(default_factory=list)
    keyframes: list[int] = field(default_factory=list)
    packets: int = 0
    octets: int = 0
    has_b_frames: bool = False

    def add_packet(self, packet: "Packet[VideoStream]") -> None:
        if packet.is_keyframe:
            self.keyframes.append(self.packets)
        self.packets += 1
        self.octets += packet.size

    def add_frame(self, frame: VideoFrame, since_start_s: float) -> None:
        if self.first_frame is None:
            if frame.is_corrupt:
                return
            self.first_frame, self.first_frame_s = frame, since_start_s
        if frame.pts is not None and frame.time_base is not None:
            self.shown_at.append(float(frame.pts * frame.time_base))
        self.has_b_frames = self.has_b_frames or frame.pict_type == PictureType.B

    @property
    def fps(self) -> float | None:
        span = self.shown_at[-1] - self.shown_at[0] if self.shown_at else 0.0
        enough = len(self.shown_at) >= _FEWEST_FRAMES and span > 0
        return (len(self.shown_at) - 1) / span if enough else None

    @property
    def gop_frames(self) -> int | None:
        gaps = [b - a for a, b in zip(self.keyframes, self.keyframes[1:], strict=False)]
        return max(gaps, default=None)


def look(request: Request, timeout_s: float, observe_s: float) -> tuple[StreamInfo, VideoFrame]:
    """Watch a stream until two whole GOPs have come; blocking.

    Args:
        request: What to open.
        timeout_s: For the first picture.
        observe_s: The longest to look on after it.

    Raises:
        SourceError: No keyframe was decoded within the time-out.
    """
    began = time.monotonic()
    seen = _Observation()
    source = Source(request)
    source.connect()
    with source:
        try:
            for packet, _ in source.packets():
                waited = time.monotonic() - began
                if packet.size:
                    seen.add_packet(packet)
                try:
                    frames = packet.decode()
                except av.FFmpegError:
                    frames = []
                for frame in frames:
                    assert isinstance(frame, VideoFrame)
                    seen.add_frame(frame, time.monotonic() - began)
                if seen.first_frame is None and waited > timeout_s:
                    raise SourceError(FailureKind.STALLED, "no picture can be decoded")
                if seen.first_frame is not None and (
                    len(seen.keyframes) >= _WANTED_KEYFRAMES
                    or waited > seen.first_frame_s + observe_s
                ):
                    break
        except SourceError:
            # A stream that ends or falls silent after its first picture has still been seen.
            if seen.first_frame is None:
                raise
        if seen.first_frame is None:
            raise SourceError(FailureKind.ENDED, "the camera closed the stream")
        return _summary(source.stream, seen), seen.first_frame


def _summary(stream: VideoStream, seen: _Observation) -> StreamInfo:
    frame = seen.first_frame
    assert frame is not None
    fps, gop_frames = seen.fps, seen.gop_frames
    return StreamInfo(
        codec=stream.codec_context.codec.canonical_name,
        profile=stream.codec_context.profile,
        width=frame.width,
        height=frame.height,
        pixel_format=frame.format.name,
        has_b_frames=seen.has_b_frames,
        first_frame_s=round(seen.first_frame_s, 3),
        fps=None if fps is None else round(fps, 2),
        gop_frames=gop_frames,
        gop_s=None if fps is None or gop_frames is None else round(gop_frames / fps, 3),
        bit_rate=None if fps is None else round(seen.octets * 8 * fps / seen.packets),
    )


def plain(frame: VideoFrame) -> tuple[bytes, tuple[int, int]]:
    """The picture as RGB, row by row without gaps, made smaller if need be; and its size."""
    width = min(frame.width, _WIDEST_PX)
    height = max(1, round(frame.height * width / frame.width))
    (plane,) = frame.reformat(width=width, height=height, format="rgb24").planes
    # Not by NumPy: it is not loaded yet, and a confined process loads nothing more.
    data, step = bytes(plane), plane.line_size
    rows = (data[start : start + 3 * width] for start in range(0, step * height, step))
    return b"".join(rows), (width, height)


def encode(frame: VideoFrame, codec: SnapshotFormat) -> bytes:
    """The picture as a JPEG or PNG file."""
    pixel_format = _PIXEL_FORMATS[codec]
    context = av.VideoCodecContext.create(codec, "w")
    context.width, context.height = frame.width, frame.height
    context.pix_fmt = pixel_format
    context.time_base = Fraction(1, 25)
    if codec == "mjpeg":
        context.qmin, context.qmax = 2, 3
    picture = frame.reformat(format=pixel_format)
    picture.pts = 0
    picture.pict_type = PictureType.NONE
    packets = [*context.encode(picture), *context.encode(None)]
    return b"".join(bytes(packet) for packet in packets)


def main() -> None:
    """See the module."""
    confine()
    order = json.loads(sys.stdin.readline())
    timeout_s = float(order["timeout_s"])
    request = Request(
        address=order["address"],
        secrets=(),
        transport=order["transport"],
        analyse_fps=1.0,
        connect_timeout_s=timeout_s,
        read_timeout_s=timeout_s,
        parent_pid=int(order["parent_pid"]),
        ca_file=order["ca_file"],
        insecure_tls=bool(order["insecure_tls"]),
    )
    picture = b""
    try:
        info, frame = look(request, timeout_s, float(order["observe_s"]))
    except SourceError as error:
        answer: dict[str, object] = {
            "failure": error.failure.kind.value,
            "text": error.failure.text,
        }
    else:
        answer = {"info": json.dumps(asdict(info))}
        if order["snapshot"] == "rgb":
            picture, answer["size"] = plain(frame)
        elif order["snapshot"] is not None:
            picture = encode(frame, order["snapshot"])
    sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n" + picture)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
