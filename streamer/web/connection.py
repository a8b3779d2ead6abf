"""One HTTP connection that cannot be drawn out: uvicorn's, with time-outs. Made by `acceptor`."""

import asyncio
from collections.abc import Callable
from typing import Final

import h11
import uvicorn
from fastapi import Request
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

HEAD_S: Final = 10.0
"""For a request's line and headers, from the connection or its first byte on."""

READ_S: Final = 30.0
"""For a client to take what was written to it, once its buffers are full."""

_UNCOUNT: Final = "uncount_connection"


def uncounted(request: Request) -> None:
    """Do not count this request's connection against its address any more: its account is."""
    uncount = getattr(request.state, _UNCOUNT, None)
    if uncount is not None:
        uncount()


class Connection(H11Protocol):
    """Whoever sends a head byte by byte, or does not read the answer, is cut off."""

    def __init__(
        self,
        config: uvicorn.Config,
        state: ServerState,
        lost: Callable[[], None],
        uncount: Callable[[], None],
    ) -> None:
        """Keep the collaborators.

        Args:
            config: Uvicorn's, loaded.
            state: Which connections and requests there are.
            lost: Called once at the end.
            uncount: Called by a route that limits the connection itself (`uncounted`).
        """
        super().__init__(config, state, {_UNCOUNT: uncount})
        self._lost = lost
        self._head: asyncio.TimerHandle | None = None
        self._reading: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """See asyncio."""
        super().connection_made(transport)
        self._wait_for_head()

    def data_received(self, data: bytes) -> None:
        """See asyncio."""
        super().data_received(data)
        # A body that goes on after the answer is thrown away, for a while.
        answered = self.conn.our_state is h11.DONE and self.conn.their_state is h11.SEND_BODY
        if self.conn.their_state is h11.IDLE or answered:
            self._wait_for_head()
        elif self._head is not None:
            self._head.cancel()
            self._head = None

    def pause_writing(self) -> None:
        """See asyncio."""
        super().pause_writing()
        self._reading = self.loop.call_later(READ_S, self.transport.abort)

    def resume_writing(self) -> None:
        """See asyncio."""
        super().resume_writing()
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio."""
        try:
            super().connection_lost(exc)
        finally:
            for timer in (self._head, self._reading):
                if timer is not None:
                    timer.cancel()
            self._unset_keepalive_if_required()
            self._lost()

    def shutdown(self) -> None:
        """See uvicorn."""
        try:
            super().shutdown()
        except h11.LocalProtocolError:
            # What it has said so far was no HTTP.
            self.transport.abort()

    def _wait_for_head(self) -> None:
        # More bytes give no more time.
        if self._head is None:
            self._head = self.loop.call_later(HEAD_S, self.transport.abort)
