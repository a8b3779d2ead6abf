"""A camera's picture as it sends it: its own packets, or one encoding that all viewers share."""

from contextlib import closing

import structlog

from streamer.domain.encoded_packet import EncodedPacket
from streamer.domain.viewability import Viewability
from streamer.web.media.broadcast import Broadcast
from streamer.web.media.capture_times import CaptureTimes
from streamer.web.media.sources import LiveCameras, PacketStream, Transcoding
from streamer.web.media.video_packet import VideoPacket

log = structlog.get_logger(__name__)


class ClearFeed:
    """Passes packets on; where browsers can't show them, starts to encode."""

    def __init__(self, camera_id: str, cameras: LiveCameras, broadcast: Broadcast) -> None:
        """Keep the collaborators."""
        self._camera_id = camera_id
        self._cameras = cameras
        self._broadcast = broadcast
        self._times = CaptureTimes()
        self._connection: int | None = None
        self._transcoding: Transcoding | None = None

    async def run(self, packets: PacketStream) -> None:
        """Pass on until the camera is stopped; raises what `LiveCameras` does.

        Args:
            packets: The camera's; ended in the end.
        """
        try:
            with closing(packets):
                async for packet in packets:
                    if self._transcoding is None:
                        if packet.format.viewability is Viewability.AS_IS:
                            self._pass_on(packet)
                            continue
                        log.info(
                            "live.transcoding",
                            camera=self._camera_id,
                            reason=packet.format.viewability.value,
                        )
                        self._broadcast.interrupt()
                        self._transcoding = self._cameras.transcoding(
                            self._camera_id, self._pass_on
                        )
                    self._transcoding.put(packet)
        finally:
            if self._transcoding is not None:
                await self._transcoding.stop()

    def _pass_on(self, packet: EncodedPacket) -> None:
        if packet.connection != self._connection:
            if self._connection is not None:
                self._broadcast.interrupt()
            self._connection = packet.connection
        at = self._times.of(packet.connection, packet.pts, packet.time_base, packet.received_at)
        self._broadcast.offer(VideoPacket(at, packet.is_keyframe, packet.data))
