"""Opens a camera's stream with FFmpeg and says in our words why that failed.

Runs in the decoder process only: everything here blocks, and may crash on malformed video. PyAV
imports its subtitles when it meets a first stream: too late in the sandbox, so they stand here.
"""

import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Final, Self
from urllib.parse import urlsplit

import av
import av.subtitles.codeccontext
import av.subtitles.stream
from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from streamer.ingest.condition import Decoding
from streamer.ingest.confinement import lock_down
from streamer.ingest.decoder_command import Request
from streamer.ingest.hardware import accelerator, driver_paths
from streamer.ingest.protocol import MAX_MEMORY_BYTES, SLOTS, FailureKind
from streamer.ingest.relay import Relay
from streamer.ingest.source_error import SourceError

_PROBE_BYTES: Final = 500_000
_PROBE_US: Final = 200_000
_MAX_PIXELS: Final = MAX_MEMORY_BYTES // (SLOTS * 3)
_NO_DEVICE: Final = (av.PermissionError, av.ExternalError, NotImplementedError)
"""What creating a device fails with where there is none, and reaching a camera does not."""
_SCHEMES: Final = ("rtsp", "rtsps")


class Source:
    """One connection to a camera, as a context manager that closes it.

    Closing matters: a camera may hold an open session for a minute and refuse the next one.
    """

    def __init__(self, request: Request) -> None:
        self._request = request
        self.device: Decoding | None = None
        self.received = 0
        self._relay: Relay | None = None
        self._container: InputContainer | None = None
        self.stream: VideoStream

    def connect(self) -> None:
        """Connect to the camera, then give up all that is not needed for hearing it.

        To be called before a second thread starts: see `lock_down`. In place of a camera a test may
        give a file's path.

        Raises:
            SourceError: The camera cannot be reached.
        """
        request = self._request
        udp = request.transport == "udp"
        # A driver opens its device and libraries when the stream is set up.
        self.device = None if request.hwaccel == "none" else Decoding(request.hwaccel)
        devices, libraries = driver_paths(self.device)
        try:
            if _is_camera(request):
                self._relay = Relay.connect(request)
                lock_down(port=self._relay.port, udp=udp, readable=libraries, devices=devices)
            else:
                lock_down(port=None, readable=(Path(request.address),))
        except OSError as error:
            text = f"the sandbox cannot be closed ({error.strerror})"
            raise SourceError(FailureKind.OTHER, text) from error

    def __enter__(self) -> Self:
        """Set the stream up, once connected.

        Raises:
            SourceError: Why that was not possible.
        """
        request, relay = self._request, self._relay
        if relay is not None:
            relay.start()
        began = time.monotonic()
        try:
            self._container = av.open(
                request.address if relay is None else relay.address,
                mode="r",
                options=_options(request),
                timeout=(request.connect_timeout_s, request.read_timeout_s),
                hwaccel=None if self.device is None else accelerator(self.device),
            )
        except (av.FFmpegError, OSError, ValueError, NotImplementedError) as error:
            waited = time.monotonic() - began
            self._blame_relay(error)
            if self.device is not None and isinstance(error, _NO_DEVICE):
                text = f"{self.device} cannot be had any more ({_words(error)})"
                raise SourceError(FailureKind.HARDWARE, text) from error
            raise _cannot_open(error, waited, request) from error
        try:
            self.stream = self._set_up(time.monotonic() - began)
        except SourceError as error:
            self._close()
            self._blame_relay(error)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._close()

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
                self.received += bool(packet.size)
                begun = begun or packet.is_keyframe
                if begun:
                    yield packet, time.monotonic_ns()
        except (av.FFmpegError, OSError) as error:
            raise _cannot_read(error, self._request) from error

    def waits(self, size: int) -> bool:
        """Whether more than so many bytes have arrived and were not read yet.

        Never so over UDP: what is not read in time is lost there.
        """
        over_tcp = self._request.transport == "tcp"
        return over_tcp and self._relay is not None and self._relay.waits(size)

    def _close(self) -> None:
        if self._container is not None:
            self._container.close()
        if self._relay is not None:
            self._relay.close()

    def _blame_relay(self, error: Exception) -> None:
        """Raise the relay's reason, where it has one: FFmpeg only saw the connection end."""
        if self._relay is not None and (failure := self._relay.failure) is not None:
            raise SourceError(failure.kind, failure.text) from error

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
    if not _is_camera(request):
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
    return SourceError(kind, _words(error))


def _cannot_read(error: Exception, request: Request) -> SourceError:
    match error:
        case av.ExitError() | av.TimeoutError():
            return SourceError(FailureKind.STALLED, f"no packet in {request.read_timeout_s:g} s")
        case av.ConnectionResetError() | av.BrokenPipeError() | av.EOFError():
            return SourceError(FailureKind.ENDED, "the camera closed the stream")
    return SourceError(FailureKind.OTHER, _words(error))


def _is_camera(request: Request) -> bool:
    return urlsplit(request.address).scheme.lower() in _SCHEMES


def _words(error: Exception) -> str:
    """What went wrong without the address, which FFmpeg's own message would repeat."""
    return getattr(error, "strerror", None) or type(error).__name__
