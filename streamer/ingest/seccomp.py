"""seccomp: which system calls a process may still make. Used by `confinement`, in the decoder.

Landlock knows no Unix sockets with a path (PostgreSQL's and Redis' are such), no UDP, and limits
TCP by port only. And a decoder has no reason to start a program. The filter denies what is known to
be of no use, rather than allow what FFmpeg, Python and drivers use today: that changes too often.
"""

import ctypes
import errno
import os
import platform
import socket
import struct
from collections.abc import Iterable
from typing import Final

_SECCOMP: Final = {"x86_64": 317, "aarch64": 277}
_AUDIT_ARCH: Final = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_SET_MODE_FILTER, _ALL_THREADS = 1, 1
_PR_GET_SECCOMP: Final = 21
_CLONE_THREAD: Final = 0x10000
_FIRST_X32: Final = 0x40000000

# Classic BPF (linux/filter.h) and what it sees of a call (struct seccomp_data, little-endian).
_LOAD, _JUMP_EQ, _JUMP_GE, _JUMP_SET, _AND, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06
_NUMBER, _ARCH, _FIRST, _SECOND = 0, 4, 16, 24
_ALLOW: Final = 0x7FFF0000
_ERRNO: Final = 0x00050000

_NUMBERS: Final = {
    "x86_64": {"clone": 56, "socket": 41, "connect": 42},
    "aarch64": {"clone": 220, "socket": 198, "connect": 203},
}
_CLONE3: Final = 435
_SAME_EVERYWHERE: Final = (425, 426, 427, 438)  # io_uring's three, pidfd_getfd
# execve, execveat, (v)fork, ptrace, process_vm_readv and _writev, mount, unshare, setns, bpf, then
# perf_event_open, userfaultfd, add_key, request_key, keyctl, socketpair, open_by_handle_at.
_X86_64: Final = (
    *(59, 322, 57, 58, 101, 310, 311, 165, 272, 308, 321),
    *(298, 323, 248, 249, 250, 53, 304),
)
_AARCH64: Final = (
    *(221, 281, 117, 270, 271, 40, 97, 268, 280),
    *(241, 282, 217, 218, 219, 199, 265),
)
_USELESS: Final = {
    "x86_64": (*_X86_64, *_SAME_EVERYWHERE),
    "aarch64": (*_AARCH64, *_SAME_EVERYWHERE),
}


def available() -> bool:
    """Whether the kernel has seccomp filters and this architecture is known here."""
    libc = ctypes.CDLL(None, use_errno=True)
    return platform.machine() in _SECCOMP and libc.prctl(_PR_GET_SECCOMP, 0, 0, 0, 0) >= 0


def deny_useless_calls(*, udp: bool) -> bool:
    """Start no program, look into no process, and open no socket but for the internet.

    Like every filter here it holds for all threads, for ever; needs `no_new_privs`.

    Args:
        udp: Whether UDP sockets stay allowed.

    Returns:
        Whether that is possible here.

    Raises:
        OSError: It is, and the kernel refuses.
    """
    if not available():
        return False
    machine = platform.machine()
    numbers = _NUMBERS[machine]
    types = (socket.SOCK_STREAM, socket.SOCK_DGRAM) if udp else (socket.SOCK_STREAM,)
    _install(
        [
            *(line for number in _USELESS[machine] for line in _deny(number)),
            # Its flags lie in memory, which a filter cannot read; without it libraries use clone.
            *_deny(_CLONE3, errno.ENOSYS),
            *_only_threads(numbers["clone"]),
            *_only_sockets(numbers["socket"], types),
        ]
    )
    return True


def deny_connections(*, udp: bool) -> bool:
    """Connect to nothing any more; see `deny_useless_calls`.

    Args:
        udp: Whether UDP sockets may still be opened: what is sent with them goes anywhere.
    """
    if not available():
        return False
    numbers = _NUMBERS[platform.machine()]
    types = (socket.SOCK_DGRAM,) if udp else ()
    _install([*_deny(numbers["connect"]), *_only_sockets(numbers["socket"], types)])
    return True


Line = tuple[int, int, int, int]
"""An instruction: code, lines to skip if true and if false, operand."""


def _deny(number: int, code: int = errno.EPERM) -> list[Line]:
    return [(_JUMP_EQ, 0, 1, number), (_RETURN, 0, 0, _ERRNO | code)]


def _only_threads(clone: int) -> list[Line]:
    return [
        (_JUMP_EQ, 0, 4, clone),
        (_LOAD, 0, 0, _FIRST),
        (_JUMP_SET, 1, 0, _CLONE_THREAD),
        (_RETURN, 0, 0, _ERRNO | errno.EPERM),
        (_RETURN, 0, 0, _ALLOW),
    ]


def _only_sockets(number: int, types: Iterable[int]) -> list[Line]:
    """Sockets of IPv4 and IPv6 of these types."""
    wanted = tuple(types)
    body: list[Line] = [
        (_LOAD, 0, 0, _FIRST),
        (_JUMP_EQ, 1, 0, socket.AF_INET),
        (_JUMP_EQ, 0, 2 + len(wanted), socket.AF_INET6),
        (_LOAD, 0, 0, _SECOND),
        (_AND, 0, 0, 0xF),
        *((_JUMP_EQ, len(wanted) - index, 0, kind) for index, kind in enumerate(wanted)),
        (_RETURN, 0, 0, _ERRNO | errno.EPERM),
        (_RETURN, 0, 0, _ALLOW),
    ]
    return [(_JUMP_EQ, 0, len(body), number), *body]


def _install(body: list[Line]) -> None:
    """Put a filter in force for every thread."""
    machine = platform.machine()
    foreign = [(_JUMP_GE, 0, 1, _FIRST_X32), (_RETURN, 0, 0, _ERRNO | errno.EPERM)]
    lines: list[Line] = [
        (_LOAD, 0, 0, _ARCH),
        (_JUMP_EQ, 1, 0, _AUDIT_ARCH[machine]),
        (_RETURN, 0, 0, _ERRNO | errno.EPERM),
        (_LOAD, 0, 0, _NUMBER),
        *(foreign if machine == "x86_64" else ()),
        *body,
        (_RETURN, 0, 0, _ALLOW),
    ]
    code = ctypes.create_string_buffer(b"".join(struct.pack("<HBBI", *line) for line in lines))
    program = struct.pack("@HP", len(lines), ctypes.addressof(code))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.syscall(_SECCOMP[machine], _SET_MODE_FILTER, _ALL_THREADS, program) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"seccomp: {os.strerror(number)}")
