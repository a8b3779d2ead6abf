"""A camera is looked at before it is saved: one at a time, on record, faces covered."""

import asyncio
import base64
import io
import threading
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Any, cast

import numpy as np
import pytest
from PIL import Image
from pydantic import SecretStr

from config.settings import Camera, Settings, Site
from matcher.face import Face
from streamer.api.camera_tests import ApiCameraTests
from streamer.domain.actor import Actor
from streamer.domain.audit_event import AuditEvent
from streamer.errors import CameraError, DatabaseError, InputError
from streamer.ingest.camera_url import CameraUrl
from streamer.ingest.probe import Probed, UnseenError
from streamer.ingest.protocol import FailureKind
from streamer.ingest.stream_info import StreamInfo
from streamer.storage.audit_log import AuditLog
from streamer.web.models.camera_test import CameraToTest, Picture
from streamer.web.problem import Problem
from tests.fakes.clock import FakeClock
from tests.fakes.matcher import face_at

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
OPERATOR = Actor("aigul", ())
STORED = "rtsp://viewer:geheim@10.0.0.5/1"
INFO = StreamInfo("h264", "High", 64, 48, "yuv420p", False, 0.4, 15.0, 15, 1.0, 800_000)


class House:
    """A camera of stripes with one face in it."""

    def __init__(self) -> None:
        self.looked: list[tuple[CameraUrl, Any]] = []
        self.events: list[AuditEvent] = []
        self.away = False
        self.dark: set[str] = set()
        self.why, self.banner = FailureKind.UNREACHABLE, "no route to host"
        self.began = threading.Event()
        self.go_on = threading.Event()
        self.go_on.set()
        camera = Camera(id="lobby-1", url=SecretStr(STORED), insecure_tls=False)
        settings = Settings(site=Site(id="s1", name="Site", time_zone="UTC"), cameras=(camera,))
        self.tests = ApiCameraTests(
            lambda: settings, self, cast(AuditLog, self), FakeClock(NOW), self.look
        )

    async def detect(self, image: object) -> Sequence[Face]:
        return [face_at(20.0, 10.0, width=16.0)]

    async def record(self, events: Sequence[AuditEvent]) -> None:
        if self.away:
            raise DatabaseError("away")
        self.events += events

    def look(self, camera: CameraUrl, *_: object, picture_format: str | None, **__: Any) -> Probed:
        self.looked.append((camera, picture_format))
        self.began.set()
        self.go_on.wait(10)
        if camera.host in self.dark:
            raise UnseenError(f"{camera.address}: {self.banner}", self.why)
        image = np.zeros((48, 64, 3), dtype=np.uint8)
        image[:, ::2] = 255
        return Probed(INFO, picture=image if picture_format else None)

    async def test(
        self,
        *,
        picture: Picture = Picture.COVERED,
        granted: Collection[str] | None = None,
        **sent: object,
    ) -> Any:
        wanted = CameraToTest.model_validate({"camera_id": "lobby-2"} | sent)
        return await self.tests.test(wanted, OPERATOR, picture, granted)


def picture(snapshot: str) -> "np.ndarray[Any, Any]":
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(snapshot))))


@pytest.mark.parametrize("faces", [False, True])
async def test_faces_are_covered_unless_they_may_be_seen(faces: bool) -> None:
    house = House()
    wanted = Picture.CLEAR if faces else Picture.COVERED
    seen = await house.test(url="rtsp://a:b@10.0.0.9/1", picture=wanted)
    assert (seen.faces.codec, seen.faces.width, seen.covered) == ("h264", 64, not faces)
    face = picture(seen.snapshot)[12:24, 22:34, 0]
    # Stripes of black and white there are, unless they were made one.
    assert bool(face.std() > 60) is faces


async def test_it_is_on_record_first_without_a_password() -> None:
    house = House()
    await house.test(url="rtsp://a:topsecret@10.0.0.9:8554/1", view_url="rtsp://10.0.0.8/2")
    (event,) = house.events
    assert (event.actor, event.entity_id, event.reason) == ("aigul", "lobby-2", "test")
    assert dict(event.detail) == {"hosts": "10.0.0.8:554,10.0.0.9:8554", "picture": "covered"}
    house.away = True
    with pytest.raises(DatabaseError):
        await house.test(url="rtsp://10.0.0.9/1")
    assert len(house.looked) == 2


async def test_a_stored_address_is_used_as_a_whole_or_not_at_all() -> None:
    house = House()
    await house.test(camera_id="lobby-1")
    assert [one.full for one, _ in house.looked] == [CameraUrl.parse(STORED).full]
    with pytest.raises(InputError, match="view_url is not looked at without url; give both"):
        await house.test(camera_id="lobby-1", view_url="rtsp://thief.example/2")
    assert len(house.looked) == 1
    with pytest.raises(InputError, match="there is none"):
        await house.test(camera_id="lobby-9")


@pytest.mark.parametrize(
    "url", ["http://10.0.0.9/", "file:///etc/passwd", "rtsp://", "rtsp://a b/"]
)
async def test_other_addresses_are_not_connected_to(url: str) -> None:
    house = House()
    with pytest.raises(InputError):
        await house.test(url=url)
    assert house.looked == []


async def test_one_at_a_time_even_if_somebody_stops_waiting() -> None:
    house = House()
    house.go_on.clear()
    first = asyncio.create_task(house.test(url="rtsp://10.0.0.9/1"))
    await asyncio.to_thread(house.began.wait, 10)
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    with pytest.raises(Problem) as refused:
        await house.test(url="rtsp://10.0.0.9/1")
    assert refused.value.status == 429
    house.go_on.set()
    while True:
        try:
            await house.test(url="rtsp://10.0.0.9/1")
            break
        except Problem:
            await asyncio.sleep(0.01)


async def test_a_dark_second_stream_is_a_remark_and_a_dark_first_an_error() -> None:
    house = House()
    house.dark = {"10.0.0.8"}
    seen = await house.test(url="rtsp://10.0.0.9/1", view_url="rtsp://u:geheim@10.0.0.8/2")
    assert seen.viewing is None
    assert "no answer" in seen.remarks[0]
    assert "geheim" not in seen.remarks[0]
    house.dark = {"10.0.0.9"}
    with pytest.raises(CameraError):
        await house.test(url="rtsp://10.0.0.9/1", view_url="rtsp://10.0.0.8/2")


async def test_who_may_not_look_at_cameras_gets_figures_and_no_picture() -> None:
    house = House()
    seen = await house.test(url="rtsp://10.0.0.9/1", picture=Picture.NONE)
    assert (seen.snapshot, seen.faces.codec, seen.faces.fps) == (None, "h264", 15.0)
    # A picture that nobody is shown is not even decoded for it.
    assert [what for _, what in house.looked] == [None]
    # Whatever it is called here: that is where a camera of others is.
    for url, shown in (("rtsp://10.0.0.5:8554/7", False), ("rtsp://10.0.0.9/1", True)):
        seen = await house.test(url=url, picture=Picture.CLEAR, granted={"lobby-2"})
        assert (seen.snapshot is not None) is shown
    assert [dict(one.detail)["picture"] for one in house.events] == ["none", "none", "clear"]


@pytest.mark.parametrize("kind", FailureKind)
async def test_what_is_no_camera_is_told_of_in_our_words_only(kind: FailureKind) -> None:
    house = House()
    house.dark, house.why, house.banner = {"10.0.0.9"}, kind, "SSH-2.0-OpenSSH_9.2"
    with pytest.raises(CameraError) as told:
        await house.test(url="rtsp://a:geheim@10.0.0.9:22/1")
    assert str(told.value).startswith("rtsp://10.0.0.9:22/1: ")
    assert "SSH" not in str(told.value)
    if kind in (FailureKind.OTHER, FailureKind.ENDED, FailureKind.DIED, FailureKind.REDIRECTED):
        assert ": not a camera;" in str(told.value)
