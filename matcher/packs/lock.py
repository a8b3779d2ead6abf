"""Keeps two processes from building one pack at once; the kernel frees it when a process dies."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from matcher.errors import ModelPackError

_RETRY_S = 0.05


@contextmanager
def exclusive(path: Path, timeout_s: float) -> Iterator[None]:
    """Hold the lock file at `path`; blocking.

    Raises:
        ModelPackError: Another process kept it longer than `timeout_s`.
        OSError: The file cannot be opened.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        give_up = time.monotonic() + timeout_s
        while not _taken(handle):
            if time.monotonic() >= give_up:
                raise ModelPackError(
                    f"{path}: another process has been building this pack for {timeout_s:.0f} s; "
                    "wait for it or stop it, then try again"
                )
            time.sleep(_RETRY_S)
        yield
    finally:
        os.close(handle)


def _taken(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
