"""The settings in force, for `web.installation.ShownSettings`."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TypeAlias

from config.effective import effective_keys
from config.settings import Settings
from streamer.web.models.settings import Setting

InForce: TypeAlias = Callable[[], tuple[Settings, Collection[str]]]
"""The settings with the cameras as they are now, and the ids of those that were added."""


class ApiSettings:
    """Of the running service."""

    def __init__(self, in_force: InForce, environ: Mapping[str, str]) -> None:
        """Keep who knows them, and the environment they were read in."""
        self._in_force = in_force
        self._environ = environ

    def settings(self) -> Sequence[Setting]:
        """Every key, secrets left out."""
        settings, added = self._in_force()
        return [
            Setting.model_validate(one) for one in effective_keys(settings, self._environ, added)
        ]
