"""What the routes of cameras ask for. Part of `resources`, filled by `streamer.api`."""

from collections.abc import Collection, Sequence
from typing import Protocol

from streamer.domain.actor import Actor
from streamer.domain.camera_report import CameraReport
from streamer.web.models.camera_test import CameraTested, CameraToTest, Picture
from streamer.web.models.cameras import CameraChanged


class Cameras(Protocol):
    """The cameras of the service; changes raise KirdiError where nothing was changed."""

    def reports(self) -> Sequence[CameraReport]:
        """All of them, by id."""
        ...

    def version(self, camera_id: str) -> str:
        """Another one whenever its settings are others."""
        ...

    async def add(self, camera_id: str, values: dict[str, object], by: Actor) -> CameraChanged:
        """Add one."""
        ...

    async def change(
        self, camera_id: str, values: dict[str, object], version: str, by: Actor
    ) -> CameraChanged:
        """Change one that was added; raises StaleError where it is of another version."""
        ...

    async def remove(self, camera_id: str, version: str, by: Actor) -> CameraChanged:
        """Remove one that was added."""
        ...

    async def switch(self, camera_id: str, on: bool, by: Actor) -> CameraChanged:
        """Switch one on or off."""
        ...


class CameraTests(Protocol):
    """Looks at cameras before they are saved; raises KirdiError, and Problem while it does."""

    async def test(
        self, wanted: CameraToTest, by: Actor, picture: Picture, granted: Collection[str] | None
    ) -> CameraTested:
        """Look for some seconds, and show as much of it as whoever asks may see.

        Of cameras that are not among the `granted` ones (None = all are) no picture is shown.
        """
        ...
