"""Finds the camera a patient at the desk is compared at. Asked by `checkin.desk_comparisons`."""

import asyncio
from collections.abc import Callable
from typing import Protocol

from config.settings import Camera
from streamer.desk_pipeline import Asked, DeskPipeline
from streamer.domain.camera_state import CameraState, CameraStatus
from streamer.domain.comparison import Comparison
from streamer.domain.template import Template
from streamer.errors import CameraError, InputError
from streamer.tracking.voting import Search

_SEES = frozenset({CameraStatus.STREAMING, CameraStatus.DEGRADED})


class DeskCamera:
    """One camera that compares; see `streamer.checkin.desk_comparisons.DeskCamera`."""

    def __init__(
        self,
        pipeline: DeskPipeline,
        build: Callable[[Template], Search],
        min_liveness: float | None,
    ) -> None:
        """Keep the pipeline; `build` makes a gallery of one."""
        self._pipeline = pipeline
        self._build = build
        self._min_liveness = min_liveness

    @property
    def building(self) -> str:
        """Where it stands."""
        return self._pipeline.building

    async def compare(self, template: Template, stop: asyncio.Event) -> Comparison:
        """See the protocol."""
        asked = Asked(self._build(template), template.pack_id, self._min_liveness)
        return await self._pipeline.compare(asked, stop)


class AtWork(Protocol):
    """A camera that runs; `RunningCamera` is one."""

    @property
    def camera(self) -> Camera:
        """Its settings."""
        ...

    @property
    def state(self) -> CameraState:
        """What it is doing now."""
        ...

    @property
    def analysis(self) -> object:
        """What becomes of its frames."""
        ...


class DeskCameras:
    """The cameras of the service that compare and search for nobody."""

    def __init__(
        self,
        at_work: Callable[[str], AtWork],
        build: Callable[[Template], Search],
        min_liveness: float | None,
    ) -> None:
        """Keep the collaborators; see `DeskCamera`, and `CameraSet.at_work`."""
        self._at_work = at_work
        self._build = build
        self._min_liveness = min_liveness

    def find(self, camera_id: str) -> DeskCamera:
        """Return the camera with this id.

        Raises:
            InputError: There is none, it is switched off, is none to compare at, or is busy.
            CameraError: It shows nothing at this moment.
        """
        running = self._at_work(camera_id)
        pipeline = running.analysis
        if not isinstance(pipeline, DeskPipeline):
            raise InputError(
                f"camera {camera_id}: is of kind {running.camera.kind} and compares nobody; choose "
                "one at the desk, or ask your administrator which one that is",
                command="those of kind desk do, and where recognition.mode is desk any but a kiosk",
            )
        # Before anybody's template is read for it.
        pipeline.refuse_if_busy()
        state = running.state
        if state.status not in _SEES:
            reason = f" ({state.reason})" if state.reason else ""
            raise CameraError(
                f"camera {camera_id}: is {state.status}{reason}; check in by code or by hand",
                command="see `kirdi cameras status`",
                code="camera_dark",
            )
        return DeskCamera(pipeline, self._build, self._min_liveness)
