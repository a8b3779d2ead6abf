"""What operators ask for, against a settings file that changes too; no camera is ever started."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest
from pydantic import SecretStr

from config.settings import Camera, Settings, Site
from streamer.background import Background
from streamer.cameras.camera_control import CameraControl, Reloading
from streamer.cameras.camera_set import CameraSet, Note
from streamer.cameras.load_governor import LoadGovernor
from streamer.cameras.load_watch import LoadWatch
from streamer.cameras.overlay_file import OverlayFile
from streamer.cameras.running_camera import RunningCamera
from streamer.clock import SystemClock
from streamer.control.messages import Reply, Request, Verb
from streamer.domain.actor import Actor
from streamer.domain.audit_event import AuditEvent, AuditOutcome
from streamer.errors import DatabaseError, InputError, KirdiError, StaleError
from tests.integration.cameras.service import Journal

URL = SecretStr("rtsp://10.0.0.5/1")
ADDED = "{url: 'rtsp://10.0.0.9/1', enabled: false}"


class Desk:
    """The control of a service, with a settings file that holds these cameras, all switched off."""

    def __init__(self, home: Path, *names: str) -> None:
        self.names = names
        self.on = False
        self.audit: list[AuditEvent] = []
        self.refuses = False
        clock = SystemClock()
        self.cameras = CameraSet(self._make, Journal(), Background(), clock)
        watch = LoadWatch(self.cameras, LoadGovernor(), clock)
        self.file = OverlayFile(home)
        reloading = Reloading(self.settings, asyncio.Event())
        self.control = CameraControl(
            self.settings(),
            self.cameras,
            watch,
            self.file,
            reloading,
            self,
            lambda by: Actor(by or "nina"),
            clock,
        )

    async def record(self, events: Sequence[AuditEvent]) -> None:
        """The audit."""
        if self.refuses:
            raise DatabaseError("database: is away")
        self.audit += events

    def settings(self) -> Settings:
        cameras = tuple(Camera(id=name, url=URL, enabled=self.on) for name in self.names)
        return Settings(site=Site(id="s", name="S"), cameras=cameras)

    async def ask(self, verb: Verb, camera_id: str = "", values: str = "") -> Reply:
        return await self.control.answer(Request(verb, camera_id, values, seconds=1.0))

    async def sources(self) -> dict[str, str]:
        cameras = (await self.ask(Verb.STATUS)).cameras
        return {one.state.camera_id: one.source for one in cameras}

    def _make(self, camera: Camera, note: Note) -> RunningCamera:
        raise AssertionError("every camera is switched off")


async def test_an_added_camera_that_the_file_replaces_can_be_removed(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    await desk.control.begin()
    await desk.ask(Verb.ADD, "door", ADDED)
    desk.names = ("door",)
    (said,) = (await desk.ask(Verb.RELOAD)).warnings
    assert "remove the added one" in said
    assert await desk.sources() == {"door": "settings"}

    reply = await desk.ask(Verb.REMOVE, "door")
    assert reply.removed == ()
    assert "goes on" in reply.warnings[0]
    with pytest.raises(InputError, match="stands in the settings file"):
        await desk.ask(Verb.REMOVE, "door")
    assert (await desk.ask(Verb.RELOAD)).warnings == ()
    desk.names = ()
    assert (await desk.ask(Verb.RELOAD)).removed == ("door",)
    assert await desk.sources() == {}


async def test_a_new_camera_under_a_used_id_starts_as_it_is_set(tmp_path: Path) -> None:
    desk = Desk(tmp_path, "door", "hall")
    await desk.control.begin()
    await desk.ask(Verb.DISABLE, "door")
    desk.names = ("hall",)
    assert (await desk.ask(Verb.RELOAD)).removed == ("door",)
    assert desk.file.read().enabled == {}
    # The same when the file was changed while no service ran.
    await desk.ask(Verb.DISABLE, "hall")
    later = Desk(tmp_path)
    await later.control.begin()
    assert later.file.read().enabled == {}
    view = "view_url: 'rtsp://viewer:geheim@10.0.0.9/2'"
    await later.ask(Verb.ADD, "door", ADDED.replace("enabled", f"{view}, enabled"))
    (report,) = (await later.ask(Verb.STATUS)).cameras
    assert report.view_address == "rtsp://10.0.0.9:554/2"


async def test_who_switched_a_camera_off_is_said_and_what_the_file_says_against_it(
    tmp_path: Path,
) -> None:
    desk = Desk(tmp_path, "door")

    def reason() -> str:
        (state,) = desk.cameras.states
        return state.reason

    await desk.control.begin()
    assert reason() == "switched off in the settings (enabled: false)"
    await desk.ask(Verb.DISABLE, "door")
    assert reason() == "switched off by an operator"
    assert (await desk.ask(Verb.RELOAD)).warnings == ()
    desk.on = True
    (said,) = (await desk.ask(Verb.RELOAD)).warnings
    assert said.startswith("camera door: the settings file says enabled: true")
    assert "that an operator has disabled it holds" in said
    assert reason() == "switched off by an operator"


async def test_a_file_that_cannot_be_mended_stops_no_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = Desk(tmp_path, "door")
    await first.control.begin()
    await first.ask(Verb.DISABLE, "door")

    def full(_: object) -> None:
        raise KirdiError("disk full")

    later = Desk(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(later.file, "write", full)
        await later.control.begin()
    # Nobody changed it by hand: the next command goes through, and mends it.
    await later.ask(Verb.ADD, "side", ADDED)
    assert later.file.read().enabled == {}


@pytest.mark.parametrize("verb", [Verb.VIEW_TEST, Verb.ACCEPT_VIEW])
async def test_a_camera_that_does_not_run_cannot_be_looked_at(tmp_path: Path, verb: Verb) -> None:
    desk = Desk(tmp_path, "door")
    await desk.control.begin()
    with pytest.raises(InputError, match=r"camera door: it does not run: switched off in the"):
        await desk.ask(verb, "door")
    with pytest.raises(
        InputError, match=r"camera hall: there is no camera of this name; choose one of door"
    ):
        await desk.ask(verb, "hall")
    (report,) = (await desk.ask(Verb.STATUS)).cameras
    assert report.viewing is None


async def test_a_change_leaves_the_rest_and_minds_who_came_first(tmp_path: Path) -> None:
    address = tmp_path / "url"
    address.write_text("rtsp://viewer:geheim@10.0.0.9/1")
    desk = Desk(tmp_path, "hall")
    await desk.control.begin()
    await desk.ask(Verb.ADD, "door", f"{{url_file: '{address}', enabled: false, analyse_fps: 3}}")
    seen = desk.control.version_of("door")
    change = Request(Verb.CHANGE, "door", "{analyse_fps: 7}", version=seen)
    assert (await desk.control.answer(change)).changed == ("door",)
    (door,) = (one for one in desk.cameras.cameras if one.id == "door")
    assert (door.analyse_fps, door.url_file, door.enabled) == (7, address, False)
    assert "geheim" not in (tmp_path / "cameras.yaml").read_text()
    assert desk.control.version_of("door") != seen
    for late in (change, Request(Verb.REMOVE, "door", version=seen)):
        with pytest.raises(StaleError):
            await desk.control.answer(late)
    await desk.ask(Verb.CHANGE, "door", "{url: 'rtsp://10.0.0.7/1'}")
    (door,) = (one for one in desk.cameras.cameras if one.id == "door")
    assert (door.url.get_secret_value(), door.url_file) == ("rtsp://10.0.0.7/1", None)
    with pytest.raises(InputError, match="settings file"):
        await desk.ask(Verb.CHANGE, "hall", "{analyse_fps: 7}")
    with pytest.raises(InputError, match="analyse_fps"):
        await desk.ask(Verb.CHANGE, "door", "{analyse_fps: -1}")
    assert desk.control.version_of("nobody") == ""


def _kept(desk: Desk) -> list[tuple[str, str, str, object]]:
    return [(one.reason, one.entity_id, one.actor, dict(one.detail)["keys"]) for one in desk.audit]


async def test_the_audit_says_who_changed_what_and_never_to_what(tmp_path: Path) -> None:
    desk = Desk(tmp_path, "hall")
    await desk.control.begin()
    assert desk.audit == []
    await desk.ask(Verb.ADD, "door", ADDED)
    await desk.control.answer(Request(Verb.DISABLE, "door", by="aigul"))
    await desk.ask(Verb.REMOVE, "door")
    added, switched, removed = _kept(desk)
    assert added[:3] == ("add", "door", "nina")
    assert "url" in str(added[3])
    assert switched == ("disable", "door", "aigul", None)
    assert removed[:2] == ("remove", "door")
    desk.audit.clear()
    desk.names = ("hall", "gate")
    await desk.ask(Verb.RELOAD)
    assert [one[:2] for one in _kept(desk)] == [("reload", ""), ("reload", "gate")]
    assert "10.0.0" not in repr(desk.audit)


async def test_nothing_is_changed_that_cannot_be_recorded(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    await desk.control.begin()
    desk.refuses = True
    with pytest.raises(DatabaseError):
        await desk.ask(Verb.ADD, "door", ADDED)
    desk.names = ("hall",)
    with pytest.raises(DatabaseError):
        await desk.ask(Verb.RELOAD)
    assert await desk.sources() == {}
    assert desk.file.read().added == ()


async def test_what_could_not_be_written_down_is_recorded_as_failed(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "home")
    (tmp_path / "home").mkdir()
    await desk.control.begin()
    (tmp_path / "home").rename(tmp_path / "gone")
    with pytest.raises(KirdiError):
        await desk.ask(Verb.ADD, "door", ADDED)
    assert [one.outcome for one in desk.audit] == [
        AuditOutcome.SUCCESS,
        AuditOutcome.SERIOUS_FAILURE,
    ]
