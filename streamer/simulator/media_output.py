"""Where a sender's packets go: into the RTSP connection, or to two UDP ports."""

import asyncio
import struct
from collections.abc import Callable, Sequence
from typing import Protocol

from streamer.errors import CameraError
from streamer.simulator.client_writer import ClientWriter

_PORT_ATTEMPTS = 50
_UDP_BURST = 16
_UDP_PAUSE_S = 0.002


class MediaOutput(Protocol):
    """The way to one client."""

    async def send_rtp(self, packets: Sequence[bytes]) -> None:
        """Send one picture's packets. Raises ConnectionError where the client is gone."""
        ...

    async def send_torn(self, packets: Sequence[bytes]) -> None:
        """Send the first half of a picture's packets. Raises as `send_rtp`."""
        ...

    async def send_rtcp(self, packet: bytes) -> None:
        """Send one report. Raises ConnectionError where the client is gone."""
        ...

    def close(self) -> None:
        """Give back what is the output's own."""
        ...


class InterleavedOutput:
    """Media within the RTSP connection (RFC 2326 section 10.12)."""

    def __init__(self, writer: ClientWriter, channels: tuple[int, int]) -> None:
        self._writer = writer
        self._rtp, self._rtcp = channels

    async def send_rtp(self, packets: Sequence[bytes]) -> None:
        """See `MediaOutput`."""
        await self._writer.send(b"".join(_frame(self._rtp, packet) for packet in packets))

    async def send_torn(self, packets: Sequence[bytes]) -> None:
        """See `MediaOutput`; the last packet is torn too."""
        middle = len(packets) // 2
        await self.send_rtp(packets[:middle])
        torn = _frame(self._rtp, packets[middle])
        await self._writer.send(torn[: len(torn) // 2])

    async def send_rtcp(self, packet: bytes) -> None:
        """See `MediaOutput`."""
        await self._writer.send(_frame(self._rtcp, packet))

    def close(self) -> None:
        """Nothing is its own."""


def _frame(channel: int, packet: bytes) -> bytes:
    return struct.pack(">cBH", b"$", channel, len(packet)) + packet


class UdpOutput:
    """Media from an even port (RTP) and the next (RTCP) to two of the client's.

    What the socket can't take is lost, as on a network; nothing piles up.
    """

    def __init__(self, rtp: "_UdpSocket", rtcp: "_UdpSocket") -> None:
        self._rtp = rtp
        self._rtcp = rtcp

    @classmethod
    async def open(
        cls, local: str, remote: str, ports: tuple[int, int], heard: Callable[[], None]
    ) -> "UdpOutput":
        """Bind a pair of ports.

        Args:
            local: The address to send from, the one the client connected to.
            remote: The client's own address; media goes nowhere else.
            ports: The client's RTP and RTCP ports.
            heard: Called when a report from the client's address arrives: it is alive.

        Raises:
            CameraError: No pair of ports is free.
        """
        for _ in range(_PORT_ATTEMPTS):
            rtp = await _UdpSocket.open((local, 0), (remote, ports[0]), heard)
            if rtp.port % 2 == 0 and rtp.port < 65535:
                try:
                    neighbour = (local, rtp.port + 1)
                    rtcp = await _UdpSocket.open(neighbour, (remote, ports[1]), heard)
                except OSError:
                    pass  # The neighbour is taken: try another pair.
                else:
                    return cls(rtp, rtcp)
            rtp.close()
        raise CameraError("simulated camera: no pair of UDP ports is free; play over TCP")

    @property
    def server_ports(self) -> tuple[int, int]:
        """The ports media and reports come from."""
        return self._rtp.port, self._rtcp.port

    async def send_rtp(self, packets: Sequence[bytes]) -> None:
        """See `MediaOutput`; a large picture is spread, or the receiver's socket overflows."""
        for start in range(0, len(packets), _UDP_BURST):
            if start:
                await asyncio.sleep(_UDP_PAUSE_S)
            for packet in packets[start : start + _UDP_BURST]:
                self._rtp.send(packet)

    async def send_torn(self, packets: Sequence[bytes]) -> None:
        """See `MediaOutput`."""
        await self.send_rtp(packets[: len(packets) // 2])

    async def send_rtcp(self, packet: bytes) -> None:
        """See `MediaOutput`."""
        self._rtcp.send(packet)

    def close(self) -> None:
        """Close both sockets, dropping what is unsent."""
        self._rtp.close()
        self._rtcp.close()


class _UdpSocket(asyncio.DatagramProtocol):
    """One bound port that sends to one of the client's, and hears that the client lives."""

    def __init__(self, remote: tuple[str, int], heard: Callable[[], None]) -> None:
        self._remote = remote
        self._heard = heard
        self._transport: asyncio.DatagramTransport | None = None
        self._full = False

    @classmethod
    async def open(
        cls, local: tuple[str, int], remote: tuple[str, int], heard: Callable[[], None]
    ) -> "_UdpSocket":
        loop = asyncio.get_running_loop()
        transport, protocol = await loop.create_datagram_endpoint(
            lambda: cls(remote, heard), local_addr=local
        )
        protocol._transport = transport
        return protocol

    @property
    def port(self) -> int:
        assert self._transport is not None
        port: int = self._transport.get_extra_info("sockname")[1]
        return port

    def send(self, packet: bytes) -> None:
        """Send, or lose the packet where the socket is full."""
        if self._transport is not None and not self._full:
            self._transport.sendto(packet, self._remote)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def pause_writing(self) -> None:
        self._full = True

    def resume_writing(self) -> None:
        self._full = False

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:  # noqa: ARG002 - asyncio's signature
        # What a report says does not matter here, only that its sender is the client.
        if addr[0] == self._remote[0]:
            self._heard()
