"""The packets of a camera's main stream, from the decoder process that it has anyway."""

import asyncio

from streamer.ingest.packet_source import PacketTaker, Viewable


class DecoderTap:
    """Told by the supervisor which decoder there is; opened by `LiveView` while somebody looks."""

    def __init__(self, taker: PacketTaker) -> None:
        """Begin closed.

        Args:
            taker: Gets the packets.
        """
        self._taker = taker
        self._decoder: Viewable | None = None
        self._open = False
        self._reason = ""

    @property
    def reason(self) -> str:
        """Why nothing comes; else empty."""
        if self._decoder is None:
            return "the camera is not connected"
        return self._reason

    def connected(self, decoder: Viewable) -> None:
        """There is a new decoder, which has just been started."""
        self._decoder = decoder
        if self._open:
            self._begin(decoder)

    def disconnected(self) -> None:
        """The decoder is about to end."""
        if self._decoder is not None and self._open:
            self._decoder.unview()
            self._taker.disconnected()
        self._decoder = None

    async def run(self, stop: asyncio.Event) -> None:
        """Stay open until `stop` is set, over any number of decoders."""
        self._open = True
        try:
            if self._decoder is not None:
                self._begin(self._decoder)
            await stop.wait()
        finally:
            if self._decoder is not None:
                self._decoder.unview()
            self._open = False
            self._taker.disconnected()

    def _begin(self, decoder: Viewable) -> None:
        self._taker.connected()
        try:
            decoder.view(self._taker.take)
            self._reason = ""
        except OSError as error:
            # The camera goes on; whoever looks comes again.
            self._reason = error.strerror or "no pipe to the decoder process"
