"""The RTSP conversation of one client: which request gets which answer. Used by `connection`.

RFC 2326 section 10 (methods) and appendix A (states). One session a connection, one track a
stream; a session ends with its connection.
"""

import asyncio
import secrets
from collections.abc import Callable
from urllib.parse import unquote, urlsplit

import structlog

from streamer.errors import KirdiError
from streamer.simulator.auth import Authenticator, Verdict
from streamer.simulator.camera import Camera
from streamer.simulator.client_writer import ClientWriter
from streamer.simulator.codec import Codec
from streamer.simulator.faults.stream_faults import StreamFaults
from streamer.simulator.media_output import InterleavedOutput, MediaOutput, UdpOutput
from streamer.simulator.media_sender import MediaSender
from streamer.simulator.parameter_sets import ParameterSets
from streamer.simulator.programme import Programme
from streamer.simulator.rendition import Rendition
from streamer.simulator.rtp_stream import RtpStream
from streamer.simulator.rtsp import Request, Response
from streamer.simulator.sdp import TRACK, describe
from streamer.simulator.transport import Transport, choose_transport
from streamer.simulator.unit_reader import UnitReader

_METHODS = "OPTIONS, DESCRIBE, SETUP, PLAY, PAUSE, TEARDOWN, GET_PARAMETER"
_OPEN_METHODS = ("OPTIONS",)
"""What a client may ask without a password: real cameras let it find out what they are."""

_log = structlog.get_logger()


class Session:
    """Answers one client's requests and holds its sender.

    Args:
        camera: What is played, and what is wrong with it.
        writer: The connection, for interleaved media.
        addresses: The server's and the client's address of this connection.
        heard: Called when the client shows over UDP that it is alive.
    """

    def __init__(
        self,
        camera: Camera,
        writer: ClientWriter,
        addresses: tuple[str, str],
        heard: Callable[[], None],
    ) -> None:
        self._camera = camera
        self._authenticator = Authenticator(camera.credentials)
        self._writer = writer
        self._local, self._remote = addresses
        self._heard = heard
        self._id: str | None = None
        self._sender: MediaSender | None = None
        self._interleaved = False
        self._prepared = False
        self._playing: asyncio.Task[None] | None = None

    async def answer(self, request: Request) -> Response:
        """The answer to one request. What it allows to start is started by `after_answer`."""
        if request.method not in _OPEN_METHODS:
            verdict = self._authenticator.check(request)
            if verdict is not Verdict.GRANTED:
                return self._refusal(verdict)
        board = self._camera.board
        if (instead := board.before(request, self._camera.sessions)) is not None:
            return instead
        return board.after(request, await self._truth(request))

    async def _truth(self, request: Request) -> Response:
        """What a camera without faults answers to a request that may be made."""
        if (wanted := request.header("require")) is not None:
            return Response(551, (("Unsupported", wanted),))
        given = (request.header("session") or "").partition(";")[0].strip()
        if given and given != self._id:
            return Response(454)
        match request.method:
            case "OPTIONS":
                return Response(200, (("Public", _METHODS), *self._session_header()))
            case "GET_PARAMETER" | "SET_PARAMETER":
                return Response(200, self._session_header())
            case "DESCRIBE":
                return self._describe(request)
            case "SETUP":
                return await self._set_up(request)
            case "PLAY":
                return await self._play(request)
            case "PAUSE":
                return self._pause()
            case "TEARDOWN":
                return await self._tear_down()
            case _:
                return Response(501, (("Public", _METHODS),))

    def after_answer(self, ended: Callable[["asyncio.Task[None]"], None]) -> None:
        """Start or go on sending once the answer to PLAY is on its way.

        Args:
            ended: Called with the task when the stream has ended or failed.
        """
        if self._sender is None or not self._prepared:
            return
        if self._playing is None:
            self._playing = asyncio.create_task(self._sender.run())
            self._playing.add_done_callback(ended)

    @property
    def interleaved(self) -> bool:
        """Whether media goes through the RTSP connection."""
        return self._interleaved

    @property
    def playing(self) -> bool:
        """Whether media flows or may do so at any moment."""
        return self._playing is not None

    async def close(self, *, torn_down: bool = False) -> None:
        """End the session: stop sending, close the file and the ports."""
        playing, self._playing = self._playing, None
        if playing is not None:
            playing.cancel()
            await asyncio.gather(playing, return_exceptions=True)
        sender, self._sender = self._sender, None
        if sender is not None:
            sender.close()
            self._camera.done["pictures"] += sender.sent
            _log.info("simulator.left", client=self._remote, pictures=sender.sent)
        if self._id is not None:
            self._camera.sessions.closed(torn_down=torn_down)
        self._id = None
        self._prepared = False

    def _refusal(self, verdict: Verdict) -> Response:
        if verdict is Verdict.WRONG:
            _log.info("simulator.refused", client=self._remote, reason="wrong name or password")
        values = self._authenticator.challenges(stale=verdict is Verdict.STALE)
        return Response(401, tuple(("WWW-Authenticate", value) for value in values))

    def _session_header(self) -> tuple[tuple[str, str], ...]:
        if self._id is None:
            return ()
        return (
            ("Session", f"{self._id};timeout={max(1, int(self._camera.limits.session_timeout_s))}"),
        )

    def _describe(self, request: Request) -> Response:
        accepted = request.header("accept")
        if accepted is not None and not any(
            kind in accepted for kind in ("application/sdp", "application/*", "*/*")
        ):
            return Response(406)
        programme = self._find(request.uri)
        if programme is None:
            return Response(404)
        codec = self._codec(programme)
        # What another encoder's parameter sets are shows in its stream.
        parameters = programme.parameters if codec is programme.codec else ParameterSets()
        body = describe(codec, parameters, programme.fps, self._local)
        base = request.uri.rstrip("/") + "/"
        headers = (("Content-Base", base), ("Content-Type", "application/sdp"))
        return Response(200, headers, body)

    async def _set_up(self, request: Request) -> Response:
        programme = self._find(request.uri)
        if programme is None:
            return Response(404)
        if self._playing is not None:
            return Response(455)
        transport = choose_transport(request.header("transport") or "")
        if transport is None:
            return Response(461)
        try:
            output, chosen = await self._open_output(transport)
        except (KirdiError, OSError) as error:
            _log.warning("simulator.no_udp", client=self._remote, error=str(error))
            return Response(503)
        if self._sender is not None:
            self._sender.close()
        camera = self._camera
        codec = self._codec(programme)
        stream = RtpStream(codec)
        self._sender = MediaSender(
            UnitReader(Rendition(programme, codec, camera.board).units(), camera.executor),
            stream,
            output,
            StreamFaults(camera.board),
            speed=camera.speed,
            report_interval_s=camera.limits.report_interval_s,
        )
        self._interleaved = transport.channels is not None
        self._prepared = False
        if self._id is None:
            self._id = secrets.token_hex(8)
            camera.sessions.opened()
            camera.done["sessions"] += 1
        agreed = f"{chosen};ssrc={stream.ssrc:08X}"
        return Response(200, (("Transport", agreed), *self._session_header()))

    async def _open_output(self, transport: Transport) -> tuple[MediaOutput, str]:
        """The way a client chose, and how it is named in the answer."""
        if transport.channels is not None:
            first, second = transport.channels
            output = InterleavedOutput(self._writer, transport.channels)
            return output, f"RTP/AVP/TCP;unicast;interleaved={first}-{second}"
        assert transport.ports is not None
        udp = await UdpOutput.open(self._local, self._remote, transport.ports, self._heard)
        return udp, (
            f"RTP/AVP;unicast;client_port={transport.ports[0]}-{transport.ports[1]};"
            f"server_port={udp.server_ports[0]}-{udp.server_ports[1]}"
        )

    async def _play(self, request: Request) -> Response:
        if self._sender is None or (self._playing is not None and self._playing.done()):
            return Response(455)
        programme = self._find(request.uri)
        if programme is None:
            return Response(404)
        if not self._prepared:
            try:
                self._prepared = await self._sender.prepare()
            except KirdiError as error:
                _log.warning("simulator.file_lost", error=str(error))
            if not self._prepared:
                return Response(500)
        sequence, timestamp = self._sender.next_packet
        base = request.uri.rstrip("/").removesuffix(f"/{TRACK}")
        information = f"url={base}/{TRACK};seq={sequence};rtptime={timestamp}"
        self._sender.resume()
        # The address as the client wrote it may hold a password.
        _log.info("simulator.playing", client=self._remote, path=programme.path)
        return Response(
            200, (("Range", "npt=0-"), ("RTP-Info", information), *self._session_header())
        )

    def _pause(self) -> Response:
        if self._sender is None or self._playing is None:
            return Response(455)
        self._sender.pause()
        return Response(200, self._session_header())

    async def _tear_down(self) -> Response:
        if self._id is None:
            return Response(454)
        headers = self._session_header()
        await self.close(torn_down=True)
        return Response(200, headers)

    def _codec(self, programme: Programme) -> Codec:
        return self._camera.board.codec or programme.codec

    def _find(self, uri: str) -> Programme | None:
        """The programme of an address, with or without its track at the end."""
        try:
            path = unquote(urlsplit(uri).path)
        except ValueError:
            return None
        path = path.strip("/")
        return self._camera.programmes.find(path.removesuffix(f"/{TRACK}"))
