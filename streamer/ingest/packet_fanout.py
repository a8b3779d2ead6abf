"""Hands a camera's packets to everybody who looks; one connection to the camera serves all."""

from collections.abc import Callable
from typing import Final

from streamer.domain.encoded_packet import EncodedPacket
from streamer.errors import KirdiError
from streamer.ingest.gop import Gop
from streamer.ingest.packet_subscription import PacketSubscription

MOST_VIEWERS: Final = 32


class PacketFanout:
    """Never waits for a viewer; whoever joins gets what has come since the last keyframe."""

    def __init__(self, camera_id: str, on_viewers: Callable[[], None]) -> None:
        """Begin with nobody.

        Args:
            camera_id: For what is told to a viewer too many.
            on_viewers: Called when somebody has come or gone.
        """
        self._camera_id = camera_id
        self._on_viewers = on_viewers
        self._viewers: set[PacketSubscription] = set()
        self._gop: Gop[EncodedPacket] = Gop()
        self._dropped = 0
        self._closed = False

    @property
    def viewers(self) -> int:
        """How many look."""
        return len(self._viewers)

    @property
    def dropped(self) -> int:
        """Packets that slow viewers have lost, those who left included."""
        return self._dropped + sum(one.dropped for one in self._viewers)

    def subscribe(self) -> PacketSubscription:
        """Begin to look; the subscription must be closed in the end.

        Raises:
            KirdiError: Too many do, or the camera is no longer there.
        """
        if self._closed:
            raise KirdiError(f"camera {self._camera_id}: it is being stopped; try again")
        if len(self._viewers) >= MOST_VIEWERS:
            raise KirdiError(
                f"camera {self._camera_id}: {MOST_VIEWERS} look at it already; try again later"
            )
        viewer = PacketSubscription(self._left)
        self._viewers.add(viewer)
        packets = list(self._gop)
        for packet in packets:
            viewer.put(packet, packets[-1].received_at)
        self._on_viewers()
        return viewer

    def put(self, packet: EncodedPacket) -> None:
        """Hand on a packet."""
        self._gop.add(packet, len(packet.data), keyframe=packet.is_keyframe)
        for viewer in self._viewers:
            viewer.put(packet, packet.received_at)

    def interrupt(self) -> None:
        """The connection has ended: what comes next begins with a keyframe of another one."""
        self._gop.clear()
        for viewer in self._viewers:
            viewer.interrupt()

    def close(self) -> None:
        """End every subscription; none can be had any more."""
        self._closed = True
        self._gop.clear()
        for viewer in tuple(self._viewers):
            viewer.close()

    def _left(self, viewer: PacketSubscription) -> None:
        self._dropped += viewer.dropped
        self._viewers.discard(viewer)
        self._on_viewers()
