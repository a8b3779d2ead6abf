"""An RTSP server that plays episodes, one per conversation, over TCP or UDP as it is asked to."""

import asyncio
import re
import socket
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

from tests.fakes.loopback_server import LoopbackServer
from tests.fuzz.episode import CSEQ, Episode, Kind, Piece

_PATIENCE_S = 0.4
"""A client that says nothing for so long is waiting for the rest of a message: hang up."""
_BURST = 8
_PAUSE_S = 0.01
_SOUND_PAUSE_S = 0.04
_LINGER_S = 0.1
_CLIENT_PORT = re.compile(rb"client_port=([0-9]{1,5})")
_INTERLEAVED = b"RTP/AVP/TCP;unicast;interleaved=0-1"
_SEQUENCE = re.compile(rb"(?i)cseq:\s*([0-9]+)")


class HostileCamera(LoopbackServer):
    """Asks for an episode at each first request."""

    def __init__(self, next_episode: Callable[[], Episode]) -> None:
        super().__init__()
        self._next_episode = next_episode
        self.sent: Counter[Kind] = Counter()
        self.datagrams = 0
        self.episode: Episode | None = None
        self.ended_at = 0.0

    @property
    def url(self) -> str:
        return f"rtsp://viewer:secret@127.0.0.1:{self.port}/stream"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._talk(reader, writer)
        except (TimeoutError, asyncio.LimitOverrunError):
            pass  # The client has had enough of it.
        finally:
            self.ended_at = time.monotonic()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with _Datagrams() as media:
            try:
                await self._converse(reader, writer, media)
            finally:
                self.datagrams += media.sent

    async def _converse(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, media: "_Datagrams"
    ) -> None:
        episode: Episode | None = None
        asked: Counter[str] = Counter()
        while True:
            # Before its first request a client may take its time; or it only tries the port.
            async with asyncio.timeout(5.0 if episode is None else _PATIENCE_S):
                request = await reader.readuntil(b"\r\n\r\n")
            if episode is None:
                episode = self.episode = self._next_episode()
            method = request.split(b" ", 1)[0].decode("ascii", "replace")
            found = _SEQUENCE.search(request)
            pieces = episode.replies.get(method) or [Piece(_PLAIN)]
            piece = pieces[min(asked[method], len(pieces) - 1)]
            asked[method] += 1
            data = piece.data.replace(CSEQ, found[1] if found else b"0")
            if wanted := _CLIENT_PORT.search(request):
                data = data.replace(_INTERLEAVED, media.open(int(wanted[1])))
            await self._send(writer, episode, replace(piece, data=data))
            if method == "PLAY":
                await self._play(writer, episode, media)
                # Closing at once could discard what the client has not read yet.
                await asyncio.sleep(_LINGER_S)
                return

    async def _play(
        self, writer: asyncio.StreamWriter, episode: Episode, media: "_Datagrams"
    ) -> None:
        sound = episode.kind is Kind.SOUND
        for number, piece in enumerate(episode.media):
            if media.takes(piece.data):
                if writer.is_closing():
                    raise ConnectionResetError
                self.sent[episode.kind] += piece.mutated
            else:
                await self._send(writer, episode, piece)
            if sound:
                await asyncio.sleep(_SOUND_PAUSE_S)
            elif number % _BURST == _BURST - 1:
                await asyncio.sleep(_PAUSE_S)

    async def _send(self, writer: asyncio.StreamWriter, episode: Episode, piece: Piece) -> None:
        if writer.is_closing():
            raise ConnectionResetError
        writer.write(piece.data)
        async with asyncio.timeout(_PATIENCE_S * 5):
            await writer.drain()
        self.sent[episode.kind] += piece.mutated


class _Datagrams:
    """The way over UDP, once a client has asked for it."""

    def __init__(self) -> None:
        self.sent = 0
        self._sockets: list[socket.socket] = []
        self._port = 0

    def __enter__(self) -> "_Datagrams":
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def open(self, port: int) -> bytes:
        """Send to this port and the next from now on; what the answer to SETUP then says."""
        self._close()
        self._port = min(port, 0xFFFE)
        self._sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
        for one in self._sockets:
            one.bind(("127.0.0.1", 0))
            one.setblocking(False)
        own = "-".join(str(one.getsockname()[1]) for one in self._sockets)
        ports = f"client_port={port}-{port + 1};server_port={own}"
        return f"RTP/AVP;unicast;{ports}".encode()

    def takes(self, data: bytes) -> bool:
        """Send what would be interleaved; a message, or anything over TCP, is not taken."""
        if not self._sockets or not data.startswith(b"$"):
            return False
        control = data[1] % 2
        try:
            self._sockets[control].sendto(data[4:], ("127.0.0.1", self._port + control))
            self.sent += 1
        except OSError:
            pass  # Too large for a datagram, or the client has closed its port.
        return True

    def _close(self) -> None:
        for one in self._sockets:
            one.close()
        self._sockets = []


_PLAIN = b"RTSP/1.0 200 OK\r\nCSeq: " + CSEQ + b"\r\nSession: 12345678\r\n\r\n"
