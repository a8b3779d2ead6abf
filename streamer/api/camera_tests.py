"""Looks at a camera before it is saved, for `web.resources.CameraTests`."""

import asyncio
import base64
import io
from collections.abc import Callable, Collection, Sequence
from typing import Final, Protocol

import numpy as np
import structlog
from PIL import Image

from config.settings import Camera, Settings
from matcher.face import Face
from matcher.face import Image as Pixels
from streamer.clock import Clock
from streamer.domain.actor import Actor
from streamer.domain.audit_event import AuditAction, AuditEvent, AuditKind
from streamer.domain.seen_frame import SeenFrame
from streamer.errors import CameraError, InputError
from streamer.ingest.camera_url import CameraUrl
from streamer.ingest.probe import Probed, UnseenError, observe
from streamer.ingest.protocol import FailureKind
from streamer.ingest.stream_info import StreamInfo
from streamer.ingest.viewing import hindrances
from streamer.storage.audit_log import AuditLog
from streamer.web.media.face_cover import FaceCover
from streamer.web.models.camera_test import CameraTested, CameraToTest, Picture, StreamSeen
from streamer.web.problem import too_many

log = structlog.get_logger(__name__)

_LONGEST_S: Final = 10.0
"""For the first picture, whatever the camera's own time-out will be: somebody waits."""
_QUALITY: Final = 82
_AGAIN_S: Final = 5.0
# What a camera that speaks RTSP says of itself; of anything else nobody is told more than that it
# is none: whoever may test cameras is not to look around in the clinic's network by that.
_SAID: Final = {
    FailureKind.UNREACHABLE: "no answer; check its address and port, and that it is on",
    FailureKind.STALLED: "no picture; restart the camera, or try the other transport (tcp or udp)",
    FailureKind.UNAUTHORIZED: "refused; correct the user name and password in its address",
    FailureKind.BUSY: "refused; end its other sessions, or wait a minute until it forgets them",
    FailureKind.NOT_FOUND: "refused; look up the path of its stream in the camera's manual",
    FailureKind.CODEC: "no video of ours; set the camera to H.264 or H.265",
    FailureKind.CERTIFICATE: "its certificate is not trusted",
}
_NO_CAMERA: Final = "not a camera; check that the address is that of an RTSP camera"

Looking = Callable[..., Probed]


class FaceFinder(Protocol):
    """Finds faces in a picture; the matcher does."""

    async def detect(self, image: Pixels) -> Sequence[Face]:
        """All of them."""
        ...


class ApiCameraTests:
    """One test at a time: each connects to wherever an operator says."""

    def __init__(
        self,
        settings: Callable[[], Settings],
        matcher: FaceFinder,
        audit: AuditLog,
        clock: Clock,
        look: Looking = observe,
    ) -> None:
        """Keep the collaborators.

        Args:
            settings: As they are now, cameras that were added included.
            matcher: Finds the faces that are covered.
            audit: Where each test is put on record before it begins.
            clock: Times of that.
            look: Connects and watches; blocking.
        """
        self._settings = settings
        self._matcher = matcher
        self._audit = audit
        self._clock = clock
        self._look = look
        self._testing: asyncio.Task[CameraTested] | None = None

    async def test(
        self,
        wanted: CameraToTest,
        by: Actor,
        picture: Picture,
        granted: Collection[str] | None = None,
    ) -> CameraTested:
        """Look at a camera for some seconds.

        Args:
            wanted: Which, and how it is reached.
            by: Who wants it.
            picture: How much of it they may see.
            granted: Which cameras they may see at all; None = all. No picture comes from an address
                on the host of another one, whatever it is called here.

        Raises:
            Problem: Another one is being looked at.
            InputError: That is no camera's address, the second stream's alone, or there is no such
                camera.
            CameraError: It cannot be reached, or sends nothing that can be decoded.
            DatabaseError: It is not on record, so that nothing was looked at.
        """
        if self._testing is not None and not self._testing.done():
            raise too_many(_AGAIN_S)
        # Whoever stops waiting does not end it: its place is free once the camera is left alone.
        self._testing = asyncio.create_task(
            self._test(wanted, by, picture, granted), name="camera test"
        )
        return await asyncio.shield(self._testing)

    async def _test(
        self, wanted: CameraToTest, by: Actor, picture: Picture, granted: Collection[str] | None
    ) -> CameraTested:
        camera = self._camera(wanted)
        addresses = [CameraUrl.parse(one.get_secret_value()) for one in camera.urls]
        elsewhere = {one.host for one in addresses} if wanted.url is not None else set()
        if elsewhere & self._hosts_of_others(granted):
            picture = Picture.NONE
        await self._audit.record([self._event(wanted.camera_id, addresses, by, picture)])
        shown = picture is not Picture.NONE
        first = asyncio.to_thread(self._seen, camera, addresses[0], picture=shown)
        second = asyncio.to_thread(self._viewed, camera, addresses[1:])
        # Both are over before this is, whatever becomes of one.
        seen, viewed = await asyncio.gather(first, second, return_exceptions=True)
        if isinstance(seen, BaseException):
            raise seen
        if isinstance(viewed, BaseException):
            raise viewed
        remarks = [viewed] if isinstance(viewed, str) else []
        viewing = None if isinstance(viewed, str) else viewed
        hints = () if isinstance(viewed, str) else hindrances(viewing or seen.info)
        snapshot = None
        if seen.picture is not None and shown:
            clear = picture is Picture.CLEAR
            image = seen.picture if clear else await self._covered(seen.picture)
            snapshot = await asyncio.to_thread(_jpeg, image)
        return CameraTested(
            faces=_stream(seen.info),
            viewing=None if viewing is None else _stream(viewing),
            browsers_can_show=_shown_as_it_is(viewing or seen.info),
            remarks=[*remarks, *hints],
            snapshot=snapshot,
            covered=picture is not Picture.CLEAR,
        )

    def _camera(self, wanted: CameraToTest) -> Camera:
        """What is looked at: all that was sent, or all that is set. Never a mixture.

        A stored password goes nowhere but where it was stored for.
        """
        if wanted.url is None and wanted.view_url is not None:
            raise InputError(
                f"camera {wanted.camera_id}: view_url is not looked at without url; give both",
                code="camera_address",
            )
        if wanted.url is None:
            found = (one for one in self._settings().cameras if one.id == wanted.camera_id)
            camera = next(found, None)
            if camera is None:
                raise InputError(f"camera {wanted.camera_id}: there is none; give its address")
            return camera
        return Camera.model_construct(
            id=wanted.camera_id,
            url=wanted.url,
            view_url=wanted.view_url,
            transport=wanted.transport,
            insecure_tls=wanted.insecure_tls,
            ca_file=None,
            connect_timeout_s=wanted.connect_timeout_s,
        )

    def _hosts_of_others(self, granted: Collection[str] | None) -> set[str]:
        """Where the cameras are that somebody may not see."""
        if granted is None:
            return set()
        return {
            CameraUrl.parse(url.get_secret_value()).host
            for camera in self._settings().cameras
            if camera.id not in granted
            for url in camera.urls
        }

    def _seen(self, camera: Camera, address: CameraUrl, *, picture: bool) -> Probed:
        """Blocking; raises CameraError in our own few words."""
        try:
            return self._look(
                address,
                camera.transport,
                min(camera.connect_timeout_s, _LONGEST_S),
                picture_format="rgb" if picture else None,
                ca_file=camera.ca_file,
                insecure_tls=camera.insecure_tls,
            )
        except UnseenError as error:
            log.info("camera test failed", camera=camera.id, reason=str(error))
            said, code = _SAID.get(error.kind, _NO_CAMERA), f"camera_{error.kind}"
            if error.kind not in _SAID:
                code = "camera_none"
            raise CameraError(f"{address.address}: {said}", code=code) from None

    def _viewed(self, camera: Camera, addresses: list[CameraUrl]) -> StreamInfo | str | None:
        """The second stream, or why there is none to be seen: a remark, as faces need it not."""
        if not addresses:
            return None
        try:
            return self._seen(camera, addresses[0], picture=False).info
        except CameraError as error:
            return f"the second stream: {error}"

    async def _covered(self, image: Pixels) -> Pixels:
        found = await self._matcher.detect(image)
        boxes = tuple(one.bbox for one in found)
        return FaceCover().covered(SeenFrame(0.0, np.array(image), boxes))

    def _event(
        self, camera_id: str, addresses: list[CameraUrl], by: Actor, picture: Picture
    ) -> AuditEvent:
        hosts = ",".join(sorted({f"{one.host}:{one.port}" for one in addresses}))
        return AuditEvent(
            AuditKind.LIVE_VIEW,
            AuditAction.EXECUTE,
            by.name,
            self._clock.now(),
            entity_type="Camera",
            entity_id=camera_id,
            reason="test",
            detail=(("hosts", hosts[:512]), ("picture", picture.value)),
        )


def _shown_as_it_is(info: StreamInfo) -> bool:
    plain = info.pixel_format in ("yuv420p", "yuvj420p")
    return info.codec == "h264" and plain and not info.has_b_frames


def _stream(info: StreamInfo) -> StreamSeen:
    return StreamSeen(
        codec=info.codec,
        width=info.width,
        height=info.height,
        fps=info.fps,
        keyframes_s=info.gop_s,
        bit_rate=info.bit_rate,
        first_picture_s=info.first_frame_s,
    )


def _jpeg(image: Pixels) -> str:
    """Blocking."""
    held = io.BytesIO()
    Image.fromarray(image).save(held, "JPEG", quality=_QUALITY)
    return base64.b64encode(held.getvalue()).decode("ascii")
