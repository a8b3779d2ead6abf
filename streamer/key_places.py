"""Where this installation's key-encryption keys are, by its settings.

Used by `backend` and the commands `vault` and `backup`. A variable that holds a key is taken out of
the environment at once, so that no server or camera process that is started later inherits it.
"""

import os
from collections.abc import Sequence
from pathlib import Path

from config.settings import Keys
from streamer.crypto.command_key import CommandKey
from streamer.crypto.environment_key import EnvironmentKey
from streamer.crypto.key_source import KeySource, KeySources, next_to
from streamer.crypto.keyfile import KeyFile

# What was taken out, for the next opening in the same process.
_taken: dict[str, str] = {}


def key_file(home: Path) -> Path:
    """Where the key-encryption key lies: outside the database, to be backed up apart from it."""
    return home / "keys" / "kek"


def key_places(keys: Keys, home: Path) -> KeySources:
    """Return where the key is, and where a new one will be; reads the environment only."""
    file = keys.file or key_file(home)
    primary: KeySource = KeyFile(file)
    coming: KeySource = KeyFile(keys.next_file or next_to(file))
    if keys.source == "environment":
        primary = _environment(keys.environment)
    elif keys.source == "command":
        primary = _command(keys.command, keys)
    if keys.next_environment is not None:
        coming = _environment(keys.next_environment)
    elif keys.next_command:
        coming = _command(keys.next_command, keys)
    return KeySources(primary, coming)


def _command(command: Sequence[str], keys: Keys) -> CommandKey:
    return CommandKey(command, keys.command_timeout_s)


def _environment(variable: str) -> EnvironmentKey:
    given = os.environ.pop(variable, None)
    if given is not None:
        _taken[variable] = given
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    credential = Path(folder) / variable if folder else None
    return EnvironmentKey(variable, _taken.get(variable), credential)
