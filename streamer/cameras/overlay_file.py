"""Where `CameraOverlay` is kept over restarts: `cameras.yaml` in the home folder."""

from pathlib import Path
from typing import Final

import yaml
from pydantic import ValidationError

from config.errors import ConfigError
from config.settings import Camera
from streamer.cameras.overlay import CameraOverlay, faults_of
from streamer.cameras.whole_file import replace_file
from streamer.errors import KirdiError

_HEAD: Final = (
    "# Written by `kirdi cameras`: cameras added to those of the settings file, and cameras\n"
    "# switched on or off. It holds passwords. After a change by hand: `kirdi reload`.\n"
)


class OverlayFile:
    """One file, mode 0600 because addresses hold passwords; whole or not at all."""

    def __init__(self, home: Path) -> None:
        """Name it; nothing is read."""
        self._path = home / "cameras.yaml"

    def read(self) -> CameraOverlay:
        """What it says; nothing where there is none.

        Raises:
            ConfigError: It cannot be read or understood.
        """
        try:
            values = yaml.safe_load(self._path.read_text(encoding="utf-8"))
            return CameraOverlay.model_validate(values or {})
        except FileNotFoundError:
            return CameraOverlay()
        except ValidationError as error:
            reason = faults_of(error)
        except OSError as error:
            reason = error.strerror or "cannot be read"
        except (yaml.YAMLError, ValueError):
            # The library's message quotes the line, and with it perhaps a password.
            reason = "not valid YAML"
        raise ConfigError(
            f"{self._path}: {reason}; mend it, or delete it and add its cameras anew"
        ) from None

    def write(self, overlay: CameraOverlay) -> None:
        """Replace it.

        Raises:
            KirdiError: It cannot be written; the old one stays.
        """
        values = {"added": [_plain(one) for one in overlay.added], "enabled": overlay.enabled}
        text = _HEAD + yaml.safe_dump(values, allow_unicode=True, sort_keys=False)
        try:
            replace_file(self._path, text)
        except OSError as error:
            raise KirdiError(
                f"{self._path}: cannot be written ({error.strerror}); nothing was changed"
            ) from error


def _plain(camera: Camera) -> dict[str, object]:
    """What was given for a camera, its address in clear: this is the one place it is kept."""
    values = camera.model_dump(mode="json", exclude_unset=True)
    for key, url, file in (
        ("url", camera.url, camera.url_file),
        ("view_url", camera.view_url, camera.view_url_file),
    ):
        values.pop(key, None)
        if url is not None and file is None:
            values[key] = url.get_secret_value()
    return values
