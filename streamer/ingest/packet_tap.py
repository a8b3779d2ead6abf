"""Passes a stream's packets on to the service while somebody looks. Runs in the decoder process.

It is shown every packet as it came from the camera, before it is decoded or left out. What has come
since the last keyframe is kept by reference, so that a viewer sees a picture at once.
"""

from collections import deque
from collections.abc import Callable

from av.packet import Packet
from av.video.stream import VideoStream

from streamer.domain.stream_format import StreamFormat
from streamer.ingest.gop import Gop
from streamer.ingest.packet_inspector import PacketInspector
from streamer.ingest.packet_times import PacketTimes
from streamer.ingest.packet_wire import MAX_PACKET_BYTES, WirePacket, pack_format, pack_packet
from streamer.ingest.pipe_writer import PipeWriter

_Gop = Gop[tuple["Packet[VideoStream]", int]]


class PacketTap:
    """Closed until a pipe comes; closed again once nobody reads from that."""

    def __init__(self, inspect: Callable[[], PacketInspector]) -> None:
        """Begin closed.

        Args:
            inspect: Makes what judges the stream's packets, for the stream as it is then.
        """
        self._inspect = inspect
        self._gop: _Gop = Gop()
        self._pipes: deque[int] = deque()
        self._forwarding: _Forwarding | None = None

    def open(self, descriptor: int) -> None:
        """Somebody looks; called by the listening thread.

        Args:
            descriptor: The pipe's, not blocking; it is closed here in the end.
        """
        self._pipes.append(descriptor)

    def see(self, packet: "Packet[VideoStream]", arrived_ns: int) -> None:
        """Take in the next packet, from a keyframe on; called by the thread that demuxes.

        Args:
            packet: As the camera sent it; one without bytes says nothing.
            arrived_ns: Monotonic.
        """
        if not packet.size:
            return
        self._gop.add((packet, arrived_ns), packet.size, keyframe=packet.is_keyframe)
        if self._pipes:
            self._begin()
        elif self._forwarding is not None:
            self._forwarding.forward(packet, arrived_ns)
            if self._forwarding.over:
                self._forwarding = None

    def _begin(self) -> None:
        """Send what there is since the last keyframe."""
        if self._forwarding is not None:
            self._forwarding.end()
        self._forwarding = _Forwarding(self._pipes.popleft(), self._inspect())
        self._forwarding.catch_up(self._gop)


class _Forwarding:
    """One pipe's packets."""

    def __init__(self, descriptor: int, inspector: PacketInspector) -> None:
        self._writer = PipeWriter(descriptor)
        self._inspector = inspector
        self._times = PacketTimes(inspector.ticks_per_second)
        self._said: StreamFormat | None = None
        self._skipping = True
        self._dropped = 0

    @property
    def over(self) -> bool:
        """Whether nobody reads any more."""
        return self._writer.closed

    def end(self) -> None:
        """Give the pipe up."""
        self._writer.close()

    def catch_up(self, gop: _Gop) -> None:
        """Send a whole GOP so far; what the stream is like is known from all of it."""
        for packet, _ in gop:
            self._inspector.see(bytes(packet), keyframe=packet.is_keyframe)
        for packet, arrived_ns in gop:
            self.forward(packet, arrived_ns)

    def forward(self, packet: "Packet[VideoStream]", arrived_ns: int) -> None:
        """Send a packet, or leave it out with all until the next keyframe: nothing here waits."""
        keyframe = packet.is_keyframe
        data = self._inspector.see(bytes(packet), keyframe=keyframe)
        pts = self._times.presentation(packet.pts, arrived_ns, reordered=self._inspector.reorders)
        dts = packet.dts
        if dts is not None:
            dts = None if self._times.by_arrival else dts + self._times.offset
        if keyframe:
            self._skipping = False
        if not self._skipping and not self._send(pts, dts, arrived_ns, data, keyframe=keyframe):
            self._skipping = True
        if self._skipping:
            self._dropped += 1
            self._writer.flush()

    def _send(
        self, pts: int, dts: int | None, arrived_ns: int, data: bytes, *, keyframe: bool
    ) -> bool:
        if len(data) > MAX_PACKET_BYTES:
            return False
        told = self._inspector.format(timed_by_arrival=self._times.by_arrival)
        if told != self._said:
            if not self._writer.offer(pack_format(told)):
                return False
            self._said = told
        packet = WirePacket(pts, dts, arrived_ns, keyframe, self._dropped, data)
        return self._writer.offer(pack_packet(packet))
