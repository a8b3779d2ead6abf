"""The cameras of a running service. Started by `app`; changed by `CameraControl`."""

import asyncio
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Final, Protocol

import structlog

from config.settings import Camera
from streamer.background import Background
from streamer.cameras.camera_changes import CameraChanges
from streamer.cameras.frame_tap import FrameTap
from streamer.cameras.load_governor import Level
from streamer.cameras.running_camera import RunningCamera
from streamer.cameras.track_tap import TrackTap
from streamer.cameras.unknown_camera import unknown_camera
from streamer.clock import Clock
from streamer.domain.camera_state import CameraState, CameraStatus
from streamer.domain.view_state import ViewState
from streamer.errors import InputError
from streamer.ingest.camera_url import secrets_of
from streamer.ingest.live_view import LiveView
from streamer.log import hide

log = structlog.get_logger(__name__)

SWITCHED_OFF: Final = "switched off in the settings (enabled: false)"
COMMANDED_OFF: Final = "switched off by an operator"

Note = Callable[[CameraState], None]


class Journal(Protocol):
    """Who writes down what the cameras do, and when."""

    def note(self, state: CameraState) -> None:
        """A camera's state is a new one. Never waits."""
        ...

    def forget(self, camera_id: str, at: datetime) -> None:
        """A camera has been removed. Never waits."""
        ...


class CameraSet:
    """Starts, changes, switches off and removes cameras; one never waits for another.

    A camera that changes is stopped whole and started anew, because many allow one session only.
    """

    def __init__(
        self,
        make: Callable[[Camera, Note], RunningCamera],
        journal: Journal,
        background: Background,
        clock: Clock,
    ) -> None:
        """Start without cameras.

        Args:
            make: Makes what runs one camera, which tells its states to the callback.
            journal: Is told every change.
            background: Holds the tasks; one that dies ends the service.
            clock: Times of states.
        """
        self._make = make
        self._journal = journal
        self._background = background
        self._clock = clock
        self._cameras: dict[str, Camera] = {}
        self._running: dict[str, RunningCamera] = {}
        self._resting: dict[str, CameraState] = {}
        self._commanded_off: frozenset[str] = frozenset()
        self._level = Level(1.0)
        self._changing = asyncio.Lock()
        self._closed = False

    @property
    def cameras(self) -> tuple[Camera, ...]:
        """Their settings, those switched off included, by id."""
        return tuple(self._cameras[key] for key in sorted(self._cameras))

    @property
    def running(self) -> tuple[RunningCamera, ...]:
        """Those that are not switched off, by id."""
        return tuple(self._running[key] for key in sorted(self._running))

    @property
    def states(self) -> tuple[CameraState, ...]:
        """What each is doing, by id."""
        states = self._resting | {key: one.state for key, one in self._running.items()}
        return tuple(states[key] for key in sorted(states))

    def view(self, camera_id: str) -> LiveView:
        """The camera's encoded video, to subscribe to; it ends when the camera is stopped.

        Raises:
            InputError: There is no such camera, or it is switched off.
        """
        return self.at_work(camera_id).view

    def shown(self, camera_id: str) -> FrameTap:
        """The camera's pictures as they are analysed; raises InputError as `view` does."""
        return self.at_work(camera_id).shown

    def followed(self, camera_id: str) -> TrackTap:
        """Who is followed in them; raises InputError as `view` does."""
        return self.at_work(camera_id).followed

    def state(self, camera_id: str) -> CameraState | None:
        """What one is doing; None where there is no such camera."""
        one = self._running.get(camera_id)
        return self._resting.get(camera_id) if one is None else one.state

    def accept_view(self, camera_id: str) -> None:
        """Where the camera looks now is right; raises InputError as `view` does."""
        self.at_work(camera_id).supervisor.forget_reference()

    def viewing(self, camera_id: str) -> ViewState | None:
        """What those who look at a camera get; None for one that does not run."""
        one = self._running.get(camera_id)
        return None if one is None else one.view.state

    @property
    def closed(self) -> bool:
        """Whether the service is stopping."""
        return self._closed

    async def apply(
        self, wanted: Sequence[Camera], commanded_off: Collection[str] = ()
    ) -> CameraChanges:
        """Make these the cameras; those that stay the same notice nothing.

        Once the service is stopping none is started any more.

        Args:
            wanted: All cameras, those switched off included.
            commanded_off: Ids of those that a command switched off, and not their settings.
        """
        async with self._changing:
            self._commanded_off = frozenset(commanded_off)
            changes = CameraChanges.between(self._cameras.values(), wanted)
            new = {camera.id: camera for camera in wanted}
            await asyncio.gather(*(self._replace(key, new.get(key)) for key in changes.touched))
            self._say_who_switched_off()
            return changes

    def pace(self, level: Level) -> None:
        """Have every camera, and those that come later, analysed at this pace."""
        self._level = level
        for one in self._running.values():
            one.pace(level)

    async def run(self, stop: asyncio.Event) -> None:
        """When the service stops, tell every camera; from then on none is started."""
        await stop.wait()
        self._closed = True
        for one in self._running.values():
            one.halt()

    async def _replace(self, camera_id: str, camera: Camera | None) -> None:
        """Stop a camera if it runs, and start what takes its place, if anything does."""
        old = self._running.pop(camera_id, None)
        self._resting.pop(camera_id, None)
        self._cameras.pop(camera_id, None)
        # What is known is told at once; what the old one says while it ends is no news.
        if camera is None:
            self._journal.forget(camera_id, self._clock.now())
        else:
            self._cameras[camera_id] = camera
            if not camera.enabled:
                self._rest(camera_id, CameraStatus.DISABLED, self._why_off(camera_id))
            elif old is not None:
                self._rest(camera_id, CameraStatus.STARTING, "settings changed")
        if old is not None:
            await old.end(self._background)
        if camera is not None and camera.enabled and not self._closed:
            self._resting.pop(camera_id, None)
            self._start(camera)

    def _say_who_switched_off(self) -> None:
        """A camera that stays off may be off for the other reason now."""
        for camera_id, state in tuple(self._resting.items()):
            reason = self._why_off(camera_id)
            if state.status is CameraStatus.DISABLED and state.reason != reason:
                self._rest(camera_id, CameraStatus.DISABLED, reason)

    def _why_off(self, camera_id: str) -> str:
        return COMMANDED_OFF if camera_id in self._commanded_off else SWITCHED_OFF

    def at_work(self, camera_id: str) -> RunningCamera:
        """What runs this camera; raises InputError as `view` does."""
        if camera_id in self._running:
            return self._running[camera_id]
        if camera_id in self._cameras:
            resting = self._resting.get(camera_id)
            why = "the service is stopping" if resting is None else resting.reason
            raise InputError(f"camera {camera_id}: it does not run: {why}")
        raise unknown_camera(camera_id, self._cameras)

    def _rest(self, camera_id: str, status: CameraStatus, reason: str) -> None:
        state = CameraState(camera_id, status, reason, self._clock.now())
        self._resting[camera_id] = state
        self._journal.note(state)

    def _start(self, camera: Camera) -> None:
        for url in camera.urls:
            hide(secrets_of(url.get_secret_value()))
        one: RunningCamera | None = None

        def note(state: CameraState) -> None:
            if self._running.get(camera.id) is one:
                self._journal.note(state)

        one = self._make(camera, note)
        self._running[camera.id] = one
        one.pace(self._level)
        one.start(self._background)
