"""Where everything lies that one installation keeps: keys, models, embedded servers.

Called by the command line before anything else; every other module is handed the path.
"""

import os
from collections.abc import Mapping
from pathlib import Path

import platformdirs

from streamer.errors import EmbeddedError


def kirdi_home(env: Mapping[str, str]) -> Path:
    """The home folder: `$KIRDI_HOME`, else the platform's folder for a user's data.

    Made with mode 0700 where it is absent. A folder that exists keeps its mode, and so do its
    parents.

    Args:
        env: The environment, usually `os.environ`.

    Raises:
        EmbeddedError: It cannot be made, is no folder, or cannot be written to.
    """
    given = env.get("KIRDI_HOME", "").strip()
    home = Path(given).expanduser() if given else Path(platformdirs.user_data_dir("kirdi"))
    home = Path(os.path.abspath(home))  # noqa: PTH100 - resolve() would follow the user's links
    if not str(home).isprintable():
        raise EmbeddedError(
            f"home folder {str(home)!r}: its path holds a line break or the like; "
            "set KIRDI_HOME to another folder"
        )
    make_private_folder(home)
    return home


def make_private_folder(folder: Path) -> None:
    """Make a folder and its missing parents, mode 0700 each; leave those that exist alone.

    Raises:
        EmbeddedError: It cannot be made, is no folder, or cannot be written to.
    """
    try:
        for part in (*reversed(folder.parents), folder):
            if not part.exists():
                part.mkdir(mode=0o700, exist_ok=True)
        if not folder.is_dir():
            raise NotADirectoryError(20, "it is not a folder")
        _prove_writable(folder)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise EmbeddedError(
            f"home folder {folder}: it cannot be used ({reason}); "
            "free or open it for this user, or set KIRDI_HOME to another folder"
        ) from error


def _prove_writable(folder: Path) -> None:
    """Write and remove one small file: permissions, quotas and read-only disks all show here."""
    probe = folder / f".probe-{os.getpid()}"
    try:
        probe.write_bytes(b"\0" * 4096)
    finally:
        probe.unlink(missing_ok=True)
