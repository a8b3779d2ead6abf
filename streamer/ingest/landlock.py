"""Landlock: what a process may still open. Used by `confinement`, in the decoder process.

The kernel's interface is three system calls, with the same numbers on every architecture:
https://docs.kernel.org/userspace-api/landlock.html. Its versions are called ABI 1, 2, and so on.
"""

import ctypes
import os
import struct
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_CREATE_RULESET: Final = 444
_ADD_RULE: Final = 445
_RESTRICT_SELF: Final = 446
_VERSION: Final = 1
_PATH_BENEATH: Final = 1
_NET_PORT: Final = 2

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR, _IOCTL_DEV = 1 << 0, 1 << 1, 1 << 2, 1 << 3, 1 << 15
_READ: Final = _EXECUTE | _READ_FILE | _READ_DIR
_USE: Final = _READ | _WRITE_FILE | _IOCTL_DEV
_OF_A_FILE: Final = _EXECUTE | _WRITE_FILE | _READ_FILE | _IOCTL_DEV
_CONNECT_TCP: Final = 1 << 1

# How many rights a version knows: on files, on TCP ports; scopes (abstract sockets, signals).
_FILE_RIGHTS: Final = (0, 13, 14, 15, 15, 16)
_PORT_RIGHTS: Final = (0, 0, 0, 0, 2)
_SCOPES: Final = (0, 0, 0, 0, 0, 0, 2)


def abi() -> int:
    """The version of Landlock that the kernel has; 0 without."""
    version: int = _libc().syscall(
        ctypes.c_long(_CREATE_RULESET), None, ctypes.c_size_t(0), ctypes.c_uint32(_VERSION)
    )
    return max(0, version)


def restrict(
    *,
    connect_ports: Iterable[int] = (),
    readable: Iterable[Path] = (),
    devices: Iterable[Path] = (),
) -> bool:
    """Give up every file, TCP connection and signal but the ones named, as far as the kernel can.

    Holds for the calling thread and what it starts later, and can't be undone. What is open stays
    open. Needs `no_new_privs`.

    Args:
        connect_ports: Where TCP connections may still go, at any host.
        readable: Files, or folders with all below, that may be read and loaded; absent ones are
            skipped.
        devices: The same, and may be written to and controlled.

    Returns:
        Whether the kernel has Landlock.

    Raises:
        OSError: It has, and refuses.
    """
    version = abi()
    if version == 0:
        return False
    files, ports, scopes = (_all(known, version) for known in (_FILE_RIGHTS, _PORT_RIGHTS, _SCOPES))
    attributes = struct.pack("<QQQ", files, ports, scopes)[: 8 + 8 * bool(ports) + 8 * bool(scopes)]
    ruleset = _call(_CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), _uint(0))
    try:
        for paths, rights in ((readable, _READ), (devices, _USE)):
            for path in paths:
                _allow_path(ruleset, path, rights & files)
        for port in connect_ports if ports else ():
            _add_rule(ruleset, _NET_PORT, struct.pack("<QQ", _CONNECT_TCP, port))
        _call(_RESTRICT_SELF, ctypes.c_int(ruleset), _uint(0))
    finally:
        os.close(ruleset)
    return True


def _all(known: tuple[int, ...], version: int) -> int:
    """Every right of a kind that this version knows; a newer one knows at least the last count."""
    return (1 << known[min(version, len(known) - 1)]) - 1


def _allow_path(ruleset: int, path: Path, rights: int) -> None:
    with _opened(path) as place:
        if place is not None:
            allowed = rights if path.is_dir() else rights & _OF_A_FILE
            _add_rule(ruleset, _PATH_BENEATH, struct.pack("<Qi", allowed, place))


@contextmanager
def _opened(path: Path) -> Iterator[int | None]:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        yield None
        return
    try:
        yield place
    finally:
        os.close(place)


def _add_rule(ruleset: int, kind: int, rule: bytes) -> None:
    _call(_ADD_RULE, ctypes.c_int(ruleset), ctypes.c_int(kind), rule, _uint(0))


def _call(number: int, *arguments: object) -> int:
    result: int = _libc().syscall(ctypes.c_long(number), *arguments)
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"Landlock: {os.strerror(code)}")
    return result


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _uint(value: int) -> ctypes.c_uint32:
    return ctypes.c_uint32(value)
