"""What operators changed about the cameras without touching the settings file."""

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from config.errors import ConfigError
from config.settings import Camera, Identifier, Settings
from streamer.errors import InputError


class CameraOverlay(BaseModel):
    """Cameras added, and cameras switched on or off, on top of those of the settings file.

    The settings file goes first: a camera that it names under the id of an added one replaces it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    added: tuple[Camera, ...] = ()
    enabled: dict[Identifier, bool] = Field(default_factory=dict)

    def over(self, settings: Settings) -> Settings:
        """The settings with these cameras.

        Raises:
            ConfigError: The two do not fit together.
        """
        named = {camera.id for camera in settings.cameras}
        cameras = (*settings.cameras, *(one for one in self.added if one.id not in named))
        switched = [
            one.model_copy(update={"enabled": self.enabled.get(one.id, one.enabled)})
            for one in cameras
        ]
        values = {name: getattr(settings, name) for name in Settings.model_fields}
        try:
            return Settings.model_validate(values | {"cameras": tuple(switched)})
        except ValidationError as error:
            raise ConfigError(f"cameras: {faults_of(error)}") from None

    @property
    def commanded_off(self) -> tuple[str, ...]:
        """Ids of the cameras that a command switched off."""
        return tuple(key for key, on in self.enabled.items() if not on)

    def contradicted(self, settings: Settings) -> tuple[Camera, ...]:
        """Cameras of the settings file that are switched the other way here."""
        return tuple(
            one
            for one in settings.cameras
            if self.enabled.get(one.id, one.enabled) is not one.enabled
        )

    def with_camera(self, camera: Camera) -> Self:
        """Add one."""
        return self.model_copy(update={"added": (*self.added, camera)})

    def added_one(self, camera_id: str) -> Camera:
        """An added camera.

        Raises:
            InputError: None of that name was added.
        """
        for one in self.added:
            if one.id == camera_id:
                return one
        raise InputError(
            f"camera {camera_id}: it stands in the settings file; change it there and run "
            "`kirdi reload`"
        )

    def replaced(self, camera: Camera) -> Self:
        """Put another in place of the added one of the same id; its switch stays."""
        added = tuple(camera if one.id == camera.id else one for one in self.added)
        return self.model_copy(update={"added": added})

    def without(self, camera_id: str) -> Self:
        """Remove an added one; its switch stays, see `pruned`.

        Raises:
            InputError: None of that name was added.
        """
        kept = tuple(one for one in self.added if one.id != camera_id)
        if kept == self.added:
            raise InputError(
                f"camera {camera_id}: it stands in the settings file; remove it there and run "
                "`kirdi reload`, or switch it off by `kirdi cameras disable`"
            )
        return self.model_copy(update={"added": kept})

    def pruned(self, settings: Settings) -> Self:
        """Without the switches of cameras that there no longer are.

        A new camera under a used id would start switched off.
        """
        known = {camera.id for camera in (*settings.cameras, *self.added)}
        kept = {key: value for key, value in self.enabled.items() if key in known}
        return self.model_copy(update={"enabled": kept})

    def shadowed(self, settings: Settings) -> tuple[str, ...]:
        """Ids of added cameras that the settings file names too, and replaces."""
        named = {camera.id for camera in settings.cameras}
        return tuple(one.id for one in self.added if one.id in named)

    def own(self, settings: Settings) -> frozenset[str]:
        """Ids of the added cameras that the settings file does not replace."""
        return frozenset(one.id for one in self.added) - {one.id for one in settings.cameras}

    def switched(self, camera_id: str, *, on: bool) -> Self:
        """Switch one on or off, whatever the settings file says."""
        return self.model_copy(update={"enabled": self.enabled | {camera_id: on}})


def faults_of(error: ValidationError) -> str:
    """What is wrong, by key, and never a value: it may be a password."""
    return "; ".join(
        f"{'.'.join(str(part) for part in fault['loc']) or 'settings'}: "
        f"{fault['msg'].removeprefix('Value error, ')}"
        for fault in error.errors(include_input=False, include_url=False)
    )
