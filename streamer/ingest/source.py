"""Opens a camera's stream with FFmpeg and says in our words why that failed.

Runs in the decoder process only: everything here blocks, and may crash on malformed video.
"""

import socket
import time
from collections.abc import Iterator
from types import TracebackType
from typing import Final, Self
from urllib.parse import urlsplit

import av
from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from streamer.ingest.condition import Decoding
from streamer.ingest.hardware import accelerator
from streamer.ingest.protocol import MAX_MEMORY_BYTES, SLOTS, Failure, FailureKind, Request

_PROBE_BYTES: Final = 500_000
_PROBE_US: Final = 200_000
_MAX_PIXELS: Final = MAX_MEMORY_BYTES // (SLOTS * 3)
_RTSP_PORTS: Final = {"rtsp": 554, "rtsps": 322}
_DIAGNOSIS_S: Final = 2.0


class SourceError(Exception):
    """The stream cannot be opened, or is over."""

    def __init__(self, kind: FailureKind, text: str) -> None:
        super().__init__(text)
        self.failure = Failure(kind, text)


class Source:
    """One connection to a camera, as a context manager that closes it.

    Closing matters: a camera may hold an open session for a minute and refuse the next one.
    """

    def __init__(self, request: Request, device: Decoding | None = None) -> None:
        """Make a connection that is not open yet.

        Args:
            request: What to open.
            device: Hardware that shall decode, where it can.
        """
        self._request = request
        self.device = device
        self._container: InputContainer | None = None
        self.stream: VideoStream

    def __enter__(self) -> Self:
        """Connect and set the stream up.

        Raises:
            SourceError: Why that was not possible.
        """
        request = self._request
        began = time.monotonic()
        try:
            self._container = av.open(
                request.address,
                mode="r",
                options=_options(request),
                timeout=(request.connect_timeout_s, request.read_timeout_s),
                hwaccel=None if self.device is None else accelerator(self.device),
            )
        except (av.FFmpegError, OSError, ValueError) as error:
            waited = time.monotonic() - began
            raise _cannot_open(error, waited, request) from error
        try:
            self.stream = self._set_up(time.monotonic() - began)
        except SourceError:
            self._container.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._container is not None:
            self._container.close()

    def packets(self) -> Iterator[tuple["Packet[VideoStream]", int]]:
        """The video packets from the first keyframe on, each with CLOCK_MONOTONIC (ns) at arrival.

        What comes before a keyframe would decode to a grey smear. The last packet is empty: it
        makes the decoder give out the frames it held back.

        Raises:
            SourceError: Nothing came in time, or the connection broke.
        """
        assert self._container is not None
        begun = False
        try:
            for packet in self._container.demux(self.stream):
                begun = begun or packet.is_keyframe
                if begun:
                    yield packet, time.monotonic_ns()
        except (av.FFmpegError, OSError) as error:
            raise _cannot_read(error, self._request) from error

    def _set_up(self, waited: float) -> VideoStream:
        assert self._container is not None
        streams = self._container.streams.video
        if not streams:
            raise SourceError(FailureKind.NO_VIDEO, "the address has no video stream")
        stream = streams[0]
        # Typed as always there, but None where FFmpeg has no decoder for what the camera announces.
        context = getattr(stream, "codec_context", None)
        if context is None:
            raise SourceError(FailureKind.CODEC, "the video's codec is not supported")
        if context.width == 0 and waited >= self._request.connect_timeout_s:
            raise SourceError(FailureKind.STALLED, "the camera answers but sends no video")
        # Frame threads would hold back a frame each. And with more than one thread of any kind
        # FFmpeg's H.264 decoder conceals damage without marking the frame corrupt.
        stream.thread_type = "SLICE"
        context.thread_count = 1
        context.options = {"max_pixels": str(_MAX_PIXELS)}
        return stream


def _options(request: Request) -> dict[str, str]:
    """FFmpeg's options. It ignores unknown ones in silence, so tests see each of them act."""
    probing = {
        "probesize": str(_PROBE_BYTES),
        "analyzeduration": str(_PROBE_US),
        "fpsprobesize": "0",
    }
    if urlsplit(request.address).scheme not in _RTSP_PORTS:
        return probing
    longest = max(request.connect_timeout_s, request.read_timeout_s)
    return probing | {
        "rtsp_transport": request.transport,
        "allowed_media_types": "video",
        "timeout": str(int(longest * 1e6)),
    }


def _cannot_open(error: Exception, waited: float, request: Request) -> SourceError:
    kind = FailureKind.OTHER
    match error:
        case av.HTTPUnauthorizedError() | av.HTTPForbiddenError():
            return SourceError(
                FailureKind.UNAUTHORIZED, "the camera refuses the user name or password"
            )
        case av.HTTPNotFoundError() | av.FileNotFoundError():
            return SourceError(FailureKind.NOT_FOUND, "the camera has no stream at this path")
        case av.DecoderNotFoundError():
            kind = FailureKind.CODEC
        case av.HTTPClientError() | av.HTTPServerError():
            kind = FailureKind.OTHER
        case av.ConnectionRefusedError() | av.TimeoutError() | av.ConnectionResetError():
            kind = FailureKind.UNREACHABLE
        case _ if waited >= request.connect_timeout_s:
            return SourceError(
                FailureKind.UNREACHABLE, f"no answer in {request.connect_timeout_s:g} s"
            )
        case _:
            # FFmpeg says "invalid data" for an unknown host and for a web server alike.
            unreachable = _why_unreachable(request.address)
            if unreachable is not None:
                return SourceError(FailureKind.UNREACHABLE, unreachable)
    return SourceError(kind, _words(error))


def _cannot_read(error: Exception, request: Request) -> SourceError:
    match error:
        case av.ExitError() | av.TimeoutError():
            return SourceError(FailureKind.STALLED, f"no packet in {request.read_timeout_s:g} s")
        case av.ConnectionResetError() | av.BrokenPipeError() | av.EOFError():
            return SourceError(FailureKind.ENDED, "the camera closed the stream")
    return SourceError(FailureKind.OTHER, _words(error))


def _why_unreachable(address: str) -> str | None:
    """Try the bare connection; what the system says against it, or None when it works."""
    parts = urlsplit(address)
    if parts.scheme not in _RTSP_PORTS or parts.hostname is None:
        return None
    port = parts.port or _RTSP_PORTS[parts.scheme]
    try:
        socket.create_connection((parts.hostname, port), _DIAGNOSIS_S).close()
    except OSError as error:
        return error.strerror or "no connection"
    return None


def _words(error: Exception) -> str:
    """What went wrong without the address, which FFmpeg's own message would repeat."""
    return getattr(error, "strerror", None) or type(error).__name__
