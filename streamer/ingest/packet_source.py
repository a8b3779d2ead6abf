"""Where a camera's packets for viewing come from, and who takes them. Used by `LiveView`."""

import asyncio
from typing import Protocol

from streamer.domain.stream_format import StreamFormat
from streamer.ingest.packet_pipe import Sink
from streamer.ingest.packet_wire import WirePacket


class PacketSource(Protocol):
    """Connected to the camera only as long as it runs."""

    @property
    def reason(self) -> str:
        """Why nothing comes, without secrets; else empty."""
        ...

    async def run(self, stop: asyncio.Event) -> None:
        """Deliver packets until `stop` is set, whatever the camera does."""
        ...


class PacketTaker(Protocol):
    """Is given what a source delivers."""

    def connected(self) -> None:
        """What comes from now on is of a new connection."""
        ...

    def take(self, given: StreamFormat, packet: WirePacket) -> None:
        """The next packet, with its format."""
        ...

    def disconnected(self) -> None:
        """The connection is over."""
        ...


class Viewable(Protocol):
    """A decoder process whose packets can be had."""

    def view(self, sink: Sink) -> None:
        """Have them; OSError where no descriptor is left or it does not listen."""
        ...

    def unview(self) -> None:
        """Have them no more; harmless at any time."""
        ...
