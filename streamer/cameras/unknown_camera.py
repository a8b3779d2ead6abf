"""What whoever names a camera is told that there is none of. Used wherever cameras are named."""

from collections.abc import Iterable

from streamer.errors import InputError


def unknown_camera(camera_id: str, known: Iterable[str]) -> InputError:
    """Return the error; `known` are the ids there are."""
    names = ", ".join(sorted(known))
    if not names:
        return InputError(f"camera {camera_id}: there is no camera of this name, nor any other")
    return InputError(f"camera {camera_id}: there is no camera of this name; choose one of {names}")
