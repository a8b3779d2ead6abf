"""An RTSP server that plays episodes, one per conversation."""

import asyncio
import re
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
_SEQUENCE = re.compile(rb"(?i)cseq:\s*([0-9]+)")


class HostileCamera(LoopbackServer):
    """Asks for an episode at each first request."""

    def __init__(self, next_episode: Callable[[], Episode]) -> None:
        super().__init__()
        self._next_episode = next_episode
        self.sent: Counter[Kind] = Counter()
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
            await self._send(writer, episode, replace(piece, data=data))
            if method == "PLAY":
                await self._play(writer, episode)
                # Closing at once could discard what the client has not read yet.
                await asyncio.sleep(_LINGER_S)
                return

    async def _play(self, writer: asyncio.StreamWriter, episode: Episode) -> None:
        sound = episode.kind is Kind.SOUND
        for number, piece in enumerate(episode.media):
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


_PLAIN = b"RTSP/1.0 200 OK\r\nCSeq: " + CSEQ + b"\r\nSession: 12345678\r\n\r\n"
