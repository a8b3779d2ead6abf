"""The cameras of the running service, for `web.media.live_views`."""

from collections.abc import Callable

from streamer.cameras.camera_set import CameraSet
from streamer.cameras.frame_tap import SeenFrames
from streamer.cameras.latest_tap import Latest
from streamer.domain.camera_state import CameraState
from streamer.domain.encoded_packet import EncodedPacket
from streamer.domain.followed import FollowedFrame
from streamer.ingest.packet_subscription import PacketSubscription
from streamer.ingest.transcoding import PacketTranscoding


class ApiLiveCameras:
    """`web.media.sources.LiveCameras`."""

    def __init__(self, cameras: CameraSet) -> None:
        """Keep the cameras."""
        self._cameras = cameras

    def state(self, camera_id: str) -> CameraState | None:
        """What one is doing."""
        return self._cameras.state(camera_id)

    def why_dark(self, camera_id: str) -> str:
        """Why nothing comes of one that somebody looks at; empty where it does."""
        view, state = self._cameras.viewing(camera_id), self._cameras.state(camera_id)
        return (view.reason if view is not None else "") or (state.reason if state else "")

    def packets(self, camera_id: str) -> PacketSubscription:
        """Its encoded video; raises KirdiError."""
        return self._cameras.view(camera_id).subscribe()

    def frames(self, camera_id: str) -> SeenFrames:
        """Its pictures as they are analysed; raises KirdiError."""
        return self._cameras.shown(camera_id).subscribe()

    def tracks(self, camera_id: str) -> Latest[FollowedFrame]:
        """Who is followed in them; raises KirdiError."""
        return self._cameras.followed(camera_id).subscribe()

    def transcoding(
        self, camera_id: str, take: Callable[[EncodedPacket], None]
    ) -> PacketTranscoding:
        """Make what encodes its packets anew."""
        return PacketTranscoding(camera_id, take)
