"""The cameras of the running service, for `web.resources.Cameras`."""

from collections.abc import Sequence

import yaml

from streamer.cameras.camera_control import CameraControl
from streamer.control.messages import Request, Verb
from streamer.domain.actor import Actor
from streamer.domain.camera_report import CameraReport
from streamer.web.models.cameras import CameraChanged


class ApiCameras:
    """What `kirdi cameras` does through the control socket, without it."""

    def __init__(self, control: CameraControl) -> None:
        """Keep what carries changes out."""
        self._control = control

    def reports(self) -> Sequence[CameraReport]:
        """All of them, by id."""
        return self._control.reports()

    def version(self, camera_id: str) -> str:
        """Another one whenever its settings are others."""
        return self._control.version_of(camera_id)

    async def add(self, camera_id: str, values: dict[str, object], by: Actor) -> CameraChanged:
        """Add one; raises KirdiError."""
        return await self._ask(Verb.ADD, camera_id, by, yaml.safe_dump(values))

    async def change(
        self, camera_id: str, values: dict[str, object], version: str, by: Actor
    ) -> CameraChanged:
        """Change one that was added; raises StaleError, KirdiError."""
        return await self._ask(Verb.CHANGE, camera_id, by, yaml.safe_dump(values), version)

    async def remove(self, camera_id: str, version: str, by: Actor) -> CameraChanged:
        """Remove one that was added; raises StaleError, KirdiError."""
        return await self._ask(Verb.REMOVE, camera_id, by, version=version)

    async def switch(self, camera_id: str, on: bool, by: Actor) -> CameraChanged:
        """Switch one on or off; raises KirdiError."""
        return await self._ask(Verb.ENABLE if on else Verb.DISABLE, camera_id, by)

    async def _ask(
        self, verb: Verb, camera_id: str, by: Actor, values: str = "", version: str = ""
    ) -> CameraChanged:
        request = Request(verb, camera_id, values=values, version=version)
        reply = await self._control.answer(request, by)
        return CameraChanged(
            added=list(reply.added),
            changed=list(reply.changed),
            removed=list(reply.removed),
            warnings=list(reply.warnings),
        )
