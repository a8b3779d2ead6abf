"""What differs between two sets of cameras, or between two settings. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from config.settings import Camera, Section, Settings


@dataclass(frozen=True, slots=True)
class CameraChanges:
    """Ids of cameras that must be started, started anew, switched off, or forgotten.

    A camera that is switched on or off counts as changed. All are sorted.
    """

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()

    @classmethod
    def between(cls, old: Iterable[Camera], new: Iterable[Camera]) -> Self:
        """Compare every key; the order of the cameras means nothing."""
        before = {camera.id: camera for camera in old}
        after = {camera.id: camera for camera in new}
        return cls(
            added=tuple(sorted(after.keys() - before.keys())),
            changed=tuple(
                sorted(
                    key
                    for key in after.keys() & before.keys()
                    if after[key].model_dump() != before[key].model_dump()
                )
            ),
            removed=tuple(sorted(before.keys() - after.keys())),
        )

    @property
    def touched(self) -> tuple[str, ...]:
        """All of them."""
        return (*self.removed, *self.changed, *self.added)


def camera_keys(before: Camera | None, after: Camera | None) -> tuple[str, ...]:
    """Names of the keys that a camera has otherwise than before, or was added with.

    None = there is none.
    """
    if after is None:
        return ()
    if before is None:
        return tuple(sorted(after.model_fields_set))
    fields = Camera.model_fields
    return tuple(key for key in fields if getattr(before, key) != getattr(after, key))


def changed_keys(old: Settings, new: Settings) -> tuple[str, ...]:
    """Keys with another value, cameras left out: a running service cannot take these over."""
    return tuple(
        f"{name}.{key}"
        for name in Settings.model_fields
        if isinstance(section := getattr(old, name), Section)
        for key in type(section).model_fields
        if getattr(section, key) != getattr(getattr(new, name), key)
    )
