"""Writes a file that only its owner may read, whole or not at all, and over nothing.

Used for what leaves Kirdi on somebody's order: a patient's file, what an incident needs, reports.
"""

import contextlib
import errno
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from streamer.errors import InputError, KirdiError

_MODE: Final = 0o600
# File systems without nameless files answer with one of these.
_NAMELESS_UNKNOWN: Final = (errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL, errno.ENOENT)


def refuse_existing(path: Path) -> None:
    """Say so before any work is done.

    Raises:
        InputError: There is such a file already, or no folder to put it into.
    """
    if path.is_symlink() or path.exists():
        raise _exists(path)
    if not path.parent.is_dir():
        raise InputError(f"{path}: its folder does not exist; make it first")


def write_private(path: Path, content: bytes | Iterable[bytes]) -> None:
    """Write with mode 0600. A file has no name until all of it is on the disk.

    Args:
        path: Of a file that is not there yet.
        content: All of it, or one piece after the other; what is raised there leaves nothing.

    Raises:
        InputError: There is such a file already; it is left as it is.
        KirdiError: It cannot be written, for want of space for instance; nothing is left of it.
    """
    try:
        pieces = (content,) if isinstance(content, bytes) else content
        if not _write_nameless(path, pieces):
            _write_named(path, pieces)
        _sync(path.parent)
    except FileExistsError as error:
        raise _exists(path) from error
    except OSError as error:
        raise KirdiError(f"{path}: cannot be written ({error.strerror})") from error


def _write_nameless(path: Path, content: Iterable[bytes]) -> bool:
    try:
        descriptor = os.open(path.parent, os.O_TMPFILE | os.O_WRONLY | os.O_CLOEXEC, _MODE)
    except OSError as error:
        if error.errno in _NAMELESS_UNKNOWN:
            return False
        raise
    try:
        os.fchmod(descriptor, _MODE)
        _write_all(descriptor, content)
        # A link never takes another file's place.
        descriptors = os.open("/proc/self/fd", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.link(str(descriptor), path, src_dir_fd=descriptors, follow_symlinks=True)
        finally:
            os.close(descriptors)
    finally:
        os.close(descriptor)
    return True


def _write_named(path: Path, content: Iterable[bytes]) -> None:
    flags = os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_WRONLY | os.O_CLOEXEC
    descriptor = os.open(path, flags, _MODE)
    try:
        os.fchmod(descriptor, _MODE)
        _write_all(descriptor, content)
    except BaseException:
        with contextlib.suppress(OSError):
            path.unlink()
        raise
    finally:
        os.close(descriptor)


def _write_all(descriptor: int, content: Iterable[bytes]) -> None:
    for piece in content:
        left = memoryview(piece)
        while left:
            left = left[os.write(descriptor, left) :]
    os.fsync(descriptor)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _exists(path: Path) -> InputError:
    return InputError(f"{path}: exists already and is not written over; name another file")
