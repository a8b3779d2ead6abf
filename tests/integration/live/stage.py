"""A simulated camera, real decoders, and the real web server with live viewing; no database."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import httpx
from pydantic import SecretStr

from config.settings import Camera, Live, Web
from matcher.face import Face
from streamer.api.live import ApiLiveCameras
from streamer.background import Background
from streamer.cameras.camera_set import CameraSet, Note
from streamer.cameras.frame_tap import FrameTap
from streamer.cameras.running_camera import RunningCamera
from streamer.clock import SystemClock
from streamer.domain.audit_event import AuditEvent
from streamer.domain.camera_state import CameraStatus
from streamer.domain.role import Role
from streamer.errors import DatabaseError
from streamer.ingest.live_view import LiveView
from streamer.ingest.mailbox import LatestFrameMailbox
from streamer.ingest.supervisor import CameraSupervisor
from streamer.simulator.server import CameraSimulator
from streamer.web.application import create_application
from streamer.web.media.live_views import LiveViews
from streamer.web.ports import OpenSession, WebParts
from streamer.web.principal import Via
from streamer.web.resources import Resources
from streamer.web.server import WebServer
from tests.fakes.entrance import FakeDenials, entrance
from tests.fakes.identities import FakeIdentities
from tests.integration.cameras.service import Journal
from tests.integration.ingest.watching import until


class Analysis:
    """Finds the faces a test says; shows every picture."""

    def __init__(self, tap: FrameTap) -> None:
        self.faces: Sequence[Face] | None = ()
        self.frames = 0
        self.paused = False
        self._tap = tap

    async def run(self, frames: LatestFrameMailbox) -> None:
        while (frame := await frames.get()) is not None:
            self.frames += 1
            if not self.paused:
                self._tap.seen(frame, self.faces)
            frame.release()
            del frame

    def bridge(self, max_gap_s: float) -> None: ...


class FakeAudit:
    """Remembers; away when told."""

    def __init__(self) -> None:
        self.events: list[AuditEvent] = []
        self.away = False

    async def record(self, events: Sequence[AuditEvent]) -> None:
        if self.away:
            raise DatabaseError("the database does not answer")
        self.events.extend(events)

    @property
    def told(self) -> list[tuple[str, str, str]]:
        return [(one.actor, one.entity_id, one.reason) for one in self.events]


class Stage:
    """What a test does with it."""

    def __init__(self, live: Live, stack: AsyncExitStack) -> None:
        self.identities = FakeIdentities()
        self.audit = FakeAudit()
        self.stop = asyncio.Event()
        self.analyses: dict[str, Analysis] = {}
        self.background = Background()
        self.cameras = CameraSet(self._make, Journal(), self.background, SystemClock())
        self.views = LiveViews(
            live, ApiLiveCameras(self.cameras), self.identities, self.audit, SystemClock()
        )
        self.url = ""
        self.entrance = entrance(self.identities)
        self._stack = stack

    def _make(self, camera: Camera, note: Note) -> RunningCamera:
        mailbox, tap = LatestFrameMailbox(), FrameTap()
        self.analyses[camera.id] = Analysis(tap)
        view = LiveView(camera, SystemClock())
        supervisor = CameraSupervisor(camera, SystemClock(), mailbox, note, tap=view.tap)
        return RunningCamera(supervisor, mailbox, self.analyses[camera.id], view, tap)

    async def simulated(self, *clips: Path, **options: Any) -> CameraSimulator:
        """A camera that plays clips, until the end."""
        simulator = CameraSimulator(list(clips), loop=True, **({"port": 0} | options))
        await simulator.start()
        self._stack.push_async_callback(simulator.stop)
        return simulator

    async def streaming(self, **cameras: str) -> None:
        """Have these cameras, by id and address, and wait until they stream."""
        await self.cameras.apply(
            [
                Camera(id=name, url=SecretStr(url), analyse_fps=10, motion_gate=False)
                for name, url in cameras.items()
            ]
        )
        for name in cameras:
            await until(partial(self.streams, name), 20)

    def streams(self, camera_id: str) -> bool:
        return self.status(camera_id) is CameraStatus.STREAMING

    def status(self, camera_id: str) -> CameraStatus | None:
        state = self.cameras.state(camera_id)
        return None if state is None else state.status

    def token(self, *roles: Role, account: str = "", cameras: Iterable[str] | None = None) -> str:
        return self.identities.add(
            *roles, account=account or f"somebody-{secrets.token_hex(3)}", cameras=cameras
        )

    @property
    def denied(self) -> list[tuple[str, str]]:
        """Who asked for too much."""
        return cast(FakeDenials, self.entrance.denials).denied_to

    async def in_a_browser(self, role: Role, account: str) -> httpx.AsyncClient:
        """A client with a session's cookie and token."""
        secret = secrets.token_hex(16)
        principal = self.identities.by_token[self.token(role, account=account)]
        csrf = f"csrf-of-{secret}"
        session = OpenSession(replace(principal, via=Via.SESSION), csrf)
        self.identities.by_session[secret] = session
        headers = {"Cookie": f"__Host-kirdi={secret}", "X-CSRF-Token": csrf}
        return await self._stack.enter_async_context(
            httpx.AsyncClient(base_url=f"{self.url}/api/v1", headers=headers, timeout=20)
        )

    async def client(self, token: str) -> httpx.AsyncClient:
        return await self._stack.enter_async_context(
            httpx.AsyncClient(
                base_url=f"{self.url}/api/v1",
                headers={"Authorization": f"Bearer {token}"},
                timeout=20,
            )
        )


@asynccontextmanager
async def staged(live: Live | None = None) -> AsyncIterator[Stage]:
    """Everything but cameras; a background task that dies is an error."""
    async with AsyncExitStack() as stack:
        stage = Stage(live or Live(), stack)
        resources = cast(Resources, _OnlyLive(stage.views, stage.cameras))
        application = create_application(WebParts("s1", SystemClock(), stage.entrance, resources))
        server = WebServer(application, Web(port=0), SystemClock())
        stage.url = server.bind()
        stage.background.start("web", server.run(stage.stop))
        stage.background.start("live", stage.views.run(stage.stop))
        stage.background.start("cameras", stage.cameras.run(stage.stop))
        watch = asyncio.create_task(stage.background.watch(stage.stop))
        try:
            yield stage
            assert stage.stop.is_set() or not watch.done()
        finally:
            stage.stop.set()
            await stage.background.finish(10)
            await watch


class _OnlyLive:
    """All that these routes ask for."""

    def __init__(self, live: LiveViews, cameras: CameraSet) -> None:
        self.live = live
        self.cameras = self
        self._set = cameras

    def reports(self) -> list[SimpleNamespace]:
        return [SimpleNamespace(state=state) for state in self._set.states]
