"""What live viewing needs of the cameras and of the audit. Filled by `app` (`api.live`)."""

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Protocol
from uuid import UUID

from streamer.domain.audit_event import AuditEvent
from streamer.domain.camera_state import CameraState
from streamer.domain.encoded_packet import EncodedPacket
from streamer.domain.followed import FollowedFrame
from streamer.domain.seen_frame import SeenFrame
from streamer.domain.sight import Sight


class PacketStream(Protocol):
    """A camera's packets until the camera is stopped. `ingest.PacketSubscription` is one."""

    def __aiter__(self) -> AsyncIterator[EncodedPacket]:
        """See `AsyncIterator`."""
        ...

    def close(self) -> None:
        """Take no more."""
        ...


class FrameStream(Protocol):
    """A camera's pictures as they are analysed, the latest only. `cameras.SeenFrames` is one."""

    def close(self) -> None:
        """Take no more."""
        ...

    async def get(self) -> SeenFrame | None:
        """The next one; None once there will be no more."""
        ...


class Transcoding(Protocol):
    """Turns what browsers can't show into H.264, in a process that holds nothing of ours."""

    def put(self, packet: EncodedPacket) -> None:
        """Take the camera's next packet; starts the process. Never waits."""
        ...

    async def stop(self) -> None:
        """End the process."""
        ...


class LiveCameras(Protocol):
    """The cameras of the service."""

    def state(self, camera_id: str) -> CameraState | None:
        """What one is doing; None where there is no such camera."""
        ...

    def why_dark(self, camera_id: str) -> str:
        """Why nothing comes of one that somebody looks at, without secrets; empty where it does."""
        ...

    def packets(self, camera_id: str) -> PacketStream:
        """Its encoded video, unencoded by us; raises KirdiError where there is none now."""
        ...

    def frames(self, camera_id: str) -> FrameStream:
        """Its pictures as they are analysed; raises KirdiError likewise."""
        ...

    def transcoding(self, camera_id: str, take: Callable[[EncodedPacket], None]) -> Transcoding:
        """Make what encodes its packets anew; nothing runs until a packet is put in."""
        ...


class TrackStream(Protocol):
    """Who is followed in a camera's pictures, the latest only."""

    def close(self) -> None:
        """Take no more."""
        ...

    async def get(self) -> FollowedFrame | None:
        """The next one; None once there will be no more."""
        ...


class TrackedCameras(Protocol):
    """The cameras of the service, for those who look at boxes."""

    def state(self, camera_id: str) -> CameraState | None:
        """What one is doing; None where there is no such camera."""
        ...

    def tracks(self, camera_id: str) -> TrackStream:
        """Who is followed in its pictures; raises KirdiError where it does not run."""
        ...


class PatientNames(Protocol):
    """Knows what patients are called. `storage.people_reader.PeopleReader` does."""

    async def name(self, sight: Sight, patient_id: UUID) -> str | None:
        """One's name; the look is on record. Raises DatabaseError, VaultError."""
        ...


class LiveAudit(Protocol):
    """Puts on record who looked. `storage.audit_log.AuditLog` does."""

    async def record(self, events: Sequence[AuditEvent]) -> None:
        """Keep events; raises DatabaseError."""
        ...
