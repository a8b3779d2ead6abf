"""Where the control socket is. Used by both ends."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_NAME: Final = "control.sock"


@contextmanager
def socket_path(home: Path) -> Iterator[str]:
    """A path by which the socket of a home folder can be bound or connected to.

    A socket's path may have 107 bytes only, and a home folder may be longer: the path given goes
    through a descriptor of the folder.

    Raises:
        OSError: The folder cannot be opened.
    """
    folder = os.open(home, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{_NAME}"
    finally:
        os.close(folder)
