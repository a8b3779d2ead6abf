"""FFmpeg's only way to its camera: a port of the loopback, and a connection made beforehand.

FFmpeg follows a redirect to whatever host a camera names, and hands that host the password. So it
is never told the camera's host: it connects to this relay, in its own process, which has connected
to the camera already and judges every answer until the video plays. Used by `source`.
"""

import fcntl
import os
import select
import socket
import stat
import sys
import termios
import threading
import time
from contextlib import suppress
from dataclasses import replace
from typing import Final, Self

from streamer.errors import InputError
from streamer.ingest.camera_url import CameraUrl
from streamer.ingest.confinement import close_network
from streamer.ingest.decoder_command import Request
from streamer.ingest.protocol import Failure, FailureKind
from streamer.ingest.relay_address import connect_camera
from streamer.ingest.relay_line import CameraLine, tls_context
from streamer.ingest.relay_messages import Message, MessageReader, NotRtspError
from streamer.ingest.source_error import SourceError

_CLOSING_S: Final = 0.3
_GATHER_S: Final = 0.005
"""Media is left to gather: waking up for every packet of a camera costs more than passing it on."""
_REQUEST_BYTES: Final = 16 * 1024
_MAX_DESCRIPTORS: Final = 256
_NO_SESSION_LEFT: Final = frozenset({453, 503})
"""Not Enough Bandwidth, and Service Unavailable: what cameras with all sessions taken answer."""


class Relay:
    """One connection to a camera, passed on to the one connection that this process makes.

    Attributes:
        port: Where it listens, on the loopback.
        address: What FFmpeg opens instead of the camera's address.
    """

    def __init__(
        self, request: Request, url: CameraUrl, line: CameraLine, listener: socket.socket
    ) -> None:
        """Make a relay between what is connected already; `connect` does."""
        self._request = request
        self._line = line
        self._listener = listener
        self._failure: Failure | None = None
        self._ends: tuple[int, int] | None = None
        host, self.port = listener.getsockname()[:2]
        # A secret, like the camera's own URL.
        self.address = replace(url, scheme="rtsp", host=host, port=self.port).full
        self._thread = threading.Thread(target=self._run, name="relay", daemon=True)

    @classmethod
    def connect(cls, request: Request) -> Self:
        """Connect to the camera, and listen for FFmpeg.

        Raises:
            SourceError: Why that was not possible.
        """
        try:
            url = CameraUrl.parse(request.address)
        except InputError as error:
            raise SourceError(FailureKind.OTHER, str(error)) from error
        tls = tls_context(request) if url.scheme == "rtsps" else None
        camera = connect_camera(url.host, url.port, request.connect_timeout_s)
        # Of the camera's own family: FFmpeg then receives UDP of that family.
        loopback = "::1" if camera.family == socket.AF_INET6 else "127.0.0.1"
        try:
            listener = socket.create_server((loopback, 0), family=camera.family, backlog=4)
        except OSError as error:
            camera.close()
            text = f"no port on {loopback} for the relay ({error.strerror})"
            raise SourceError(FailureKind.OTHER, text) from error
        line = CameraLine(camera, tls, url.host, request.connect_timeout_s)
        return cls(request, url, line, listener)

    @property
    def failure(self) -> Failure | None:
        """Why the relay ended the connection; None where it did not."""
        return self._failure

    def waits(self, size: int) -> bool:
        """Whether more than so many bytes wait for FFmpeg to read them; for FFmpeg's thread."""
        ends = self._ends
        if ends is None:
            return False
        try:
            # What does not fit into its end's buffer stays in ours.
            return _queued(ends[1], termios.FIONREAD) + _queued(ends[0], termios.TIOCOUTQ) > size
        except OSError:
            return False  # The connection has ended; whoever reads it next finds out.

    def start(self) -> None:
        """Serve one connection, on a thread."""
        self._thread.start()

    def close(self) -> None:
        """Let a farewell reach the camera, once FFmpeg has closed its end."""
        if self._thread.is_alive():
            self._thread.join(_CLOSING_S)

    def _run(self) -> None:
        with self._line as line:
            try:
                player = self._accept()
            except OSError:
                return  # FFmpeg never came, and says itself why.
            with player:
                try:
                    close_network(udp=self._request.transport == "udp")
                    line.secure()
                    if _Negotiation(line, player).run():
                        _carry(line, player)
                except SourceError as error:
                    self._failure = error.failure
                except OSError:
                    return  # To FFmpeg the connection ends, and it says what that means.

    def _accept(self) -> socket.socket:
        """The connection from this process; a stranger's is closed, for it leads to the camera.

        Raises:
            OSError: None has come in time.
        """
        deadline = time.monotonic() + self._request.connect_timeout_s
        with self._listener as listener:
            while True:
                listener.settimeout(max(0.001, deadline - time.monotonic()))
                player, peer = listener.accept()
                theirs = _our_descriptor(peer)
                if theirs is not None:
                    self._ends = player.fileno(), theirs
                    player.settimeout(None)
                    player.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    return player
                player.close()


class _Negotiation:
    """The conversation until the camera agrees to play."""

    def __init__(self, line: CameraLine, player: socket.socket) -> None:
        self._line = line
        self._player = player
        self._requests = MessageReader()
        self._answers = MessageReader()
        self._asked = ""
        self._set_up = False
        self._last_status = 0

    def run(self) -> bool:
        """Pass both sides on; whether the camera plays. False when FFmpeg has hung up.

        Raises:
            SourceError: The camera redirects, refuses a session, has no video, or is no camera.
            OSError: A connection broke.
        """
        poll = _poll_both(self._line, self._player)
        while True:
            ready = {descriptor for descriptor, _ in poll.poll()}
            if self._player.fileno() in ready and not self._hear_player():
                return False
            if self._line.fileno() in ready and self._hear_camera():
                return True

    def _hear_player(self) -> bool:
        data = self._player.recv(_REQUEST_BYTES)
        self._line.send(data)
        self._requests.feed(data)
        try:
            while (message := self._requests.next()) is not None:
                if isinstance(message, Message) and message.method:
                    self._asked = message.method
        except NotRtspError:
            return False
        return bool(data)

    def _hear_camera(self) -> bool:
        while (data := self._line.read()) is not None:
            if not data:
                if self._last_status >= 400:
                    return False  # FFmpeg has the reason already.
                text = "the camera hung up before it sent video"
                raise SourceError(FailureKind.OTHER, text)
            self._answers.feed(data)
            if self._pass_on():
                return True
        return False

    def _pass_on(self) -> bool:
        """Pass on every whole answer; whether playing was agreed to by the last one."""
        try:
            while (answer := self._answers.next()) is not None:
                if isinstance(answer, bytes):
                    self._player.sendall(answer)
                    continue
                self._last_status = answer.status
                if 300 <= answer.status < 400:
                    raise SourceError(FailureKind.REDIRECTED, _redirection(answer))
                if answer.status in _NO_SESSION_LEFT:
                    text = f"the camera has no session left (it answers {answer.status})"
                    raise SourceError(FailureKind.BUSY, text)
                if answer.status >= 400 and self._asked == "PLAY" and not self._set_up:
                    # FFmpeg asks to play although the description gave it nothing to set up.
                    raise SourceError(FailureKind.NO_VIDEO, "the address has no video stream")
                self._set_up = self._set_up or self._asked == "SETUP"
                self._player.sendall(_with_source(answer, self._line.address).encode())
                if self._asked == "PLAY" and 200 <= answer.status < 300:
                    self._player.sendall(self._answers.rest())
                    return True
        except NotRtspError as error:
            text = f"what answers there is no RTSP camera ({error})"
            raise SourceError(FailureKind.UNREACHABLE, text) from error
        return False


def _carry(line: CameraLine, player: socket.socket) -> None:
    """Pass on what comes, until one side ends or breaks."""
    poll = _poll_both(line, player)
    camera_end, player_end = line.fileno(), player.fileno()
    try:
        while True:
            ready = dict(poll.poll())
            if player_end in ready:
                request = player.recv(_REQUEST_BYTES)
                if not request:
                    return
                line.send(request)
            if camera_end in ready:
                while (media := line.read()) is not None:
                    if not media:
                        return
                    player.sendall(media)
                    if not line.pending:
                        break
                time.sleep(_GATHER_S)
    finally:
        # FFmpeg hangs up with video unread; its farewell may still wait here.
        with suppress(OSError):
            line.send(player.recv(_REQUEST_BYTES, socket.MSG_DONTWAIT))


def _poll_both(line: CameraLine, player: socket.socket) -> "select.poll":
    poll = select.poll()
    poll.register(line.fileno(), select.POLLIN)
    poll.register(player.fileno(), select.POLLIN)
    return poll


def _redirection(answer: Message) -> str:
    """Where the camera wants to send us, without a secret that it may name."""
    location = answer.header("location")
    if location is None:
        return f"the camera answers {answer.status} and does not say where it moved"
    try:
        elsewhere = CameraUrl.parse(location).address
    except InputError:
        return "the camera redirects to what is no camera's address"
    return f"the camera redirects to {elsewhere}; set that address if it is right"


def _with_source(answer: Message, address: str) -> Message:
    """The answer to SETUP with the camera's own address for UDP, whatever it named.

    FFmpeg takes the relay's for the camera's, and would send its reports there, and the first
    packets, which open a firewall for the camera's.
    """
    transport = answer.header("transport")
    if transport is None or "server_port" not in transport.lower():
        return answer
    parts = [
        part
        for part in transport.split(";")
        if not part.strip().lower().startswith(("source=", "destination="))
    ]
    return answer.with_header("transport", ";".join([*parts, f"source={address}"]))


def _our_descriptor(peer: tuple[object, ...]) -> int | None:
    """This process's socket with this address: another user's process can connect too."""
    for descriptor in range(_MAX_DESCRIPTORS):
        try:
            if not stat.S_ISSOCK(os.fstat(descriptor).st_mode):
                continue
            with socket.socket(fileno=os.dup(descriptor)) as ours:
                if ours.getsockname()[:2] == peer[:2]:
                    return descriptor
        except OSError:
            continue
    return None


def _queued(descriptor: int, request: int) -> int:
    return int.from_bytes(fcntl.ioctl(descriptor, request, bytes(4)), sys.byteorder)
