"""What a process gives up before it touches foreign data. Runs in decoder and probe processes.

In three steps, each as early as it can be: `confine` at the start, `lock_down` when the camera is
connected and before it is heard, `close_network` when FFmpeg has reached its relay.
"""

import ctypes
import os
import resource
import signal
import struct
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from streamer.ingest import landlock, seccomp
from streamer.ingest.protocol import MAX_MEMORY_BYTES

_PR_SET_PDEATHSIG: Final = 1
_PR_SET_DUMPABLE: Final = 4
_PR_SET_NO_NEW_PRIVS: Final = 38
_CAPABILITY_VERSION_3: Final = 0x20080522
_CONNECT_TCP_SINCE: Final = 4

_LIMITS: Final = {
    resource.RLIMIT_CORE: 0,
    # A memfd is a file, and holds the pictures; nothing else is written.
    resource.RLIMIT_FSIZE: MAX_MEMORY_BYTES,
    resource.RLIMIT_NOFILE: 256,
    resource.RLIMIT_MEMLOCK: 0,
}
_MAX_PRIVATE_BYTES: Final = 2 * 1024 * 1024 * 1024
"""The largest picture that is taken, 17 reference pictures of it, and the converted one."""


def confine() -> None:
    """Die with the service, leave no core dump, and gain no rights: not even root's are kept.

    The death signal comes when the *thread* that started this process ends, so the service starts
    decoders from its event loop's thread. Being undumpable covers systems that pipe core dumps to a
    program, which a limit of zero does not stop.

    Raises:
        OSError: The kernel refuses.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    nothing = struct.pack("<6I", 0, 0, 0, 0, 0, 0)
    _check(libc.capset(struct.pack("<Ii", _CAPABILITY_VERSION_3, 0), nothing))
    for option, value in (
        (_PR_SET_PDEATHSIG, signal.SIGKILL),
        (_PR_SET_DUMPABLE, 0),
        (_PR_SET_NO_NEW_PRIVS, 1),
    ):
        _check(libc.prctl(option, int(value), 0, 0, 0))
    for limit, most in _LIMITS.items():
        _lower(limit, most)


def lock_down(
    *,
    port: int | None,
    udp: bool = False,
    readable: Iterable[Path] = (),
    devices: Iterable[Path] = (),
) -> None:
    """Open no file, start no program, signal nobody, and connect to nothing but one port.

    What is needed must be loaded and open by now. Call it while there is only one thread: Landlock
    holds for the caller and the threads it starts.

    Args:
        port: The relay's; None where nothing is connected to.
        udp: Whether media comes over UDP.
        readable: What may still be read: a video file in place of a camera, a driver's libraries.
        devices: What may be read, written and controlled: a graphics card. Its driver maps more
            than any picture takes, so memory is not limited then.

    Raises:
        OSError: The kernel has what this takes, and refuses.
    """
    used = tuple(devices)
    if not used:
        _lower(resource.RLIMIT_DATA, _MAX_PRIVATE_BYTES)
    landlock.restrict(
        connect_ports=() if port is None else (port,), readable=readable, devices=used
    )
    seccomp.deny_useless_calls(udp=udp)


def close_network(*, udp: bool) -> None:
    """Make no further connection, in any thread; over UDP datagrams can still be sent.

    Raises:
        OSError: The kernel has what this takes, and refuses.
    """
    seccomp.deny_connections(udp=udp)


def shortcomings() -> tuple[str, ...]:
    """What this kernel cannot withhold from a decoder, for people; empty where all is in force."""
    found = []
    version = landlock.abi()
    if version == 0:
        found.append("sandbox: no Landlock in this kernel")
    elif version < _CONNECT_TCP_SINCE:
        found.append(f"sandbox: this kernel's Landlock (ABI {version}) limits no connections")
    if not seccomp.available():
        found.append("sandbox: no seccomp filters here")
    return tuple(found)


def _lower(limit: int, most: int) -> None:
    _, hard = resource.getrlimit(limit)
    allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(limit, (allowed, allowed))


def _check(result: int) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
