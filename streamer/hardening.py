"""Keeps the process's memory out of files, and lets it have the descriptors that it needs.

Called first thing by every command.

A core dump would hold the key, templates, names and faces.
"""

import ctypes
import resource

from streamer.errors import KirdiError

_PR_SET_DUMPABLE = 4
_DESCRIPTORS = 8192


def forbid_core_dumps() -> None:
    """Switch core dumps off, and keep other processes of this user out of our memory.

    Raises:
        KirdiError: The kernel refuses; nothing must go on then.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0) != 0:
        raise KirdiError(
            "kernel: it does not let core dumps be switched off; allow prctl and setrlimit"
        )


def allow_descriptors() -> None:
    """Have thousands of files and connections open at once, as far as the system lets us.

    The soft limit is 1024 on most systems, and pages, cameras and databases share it.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _DESCRIPTORS if hard == resource.RLIM_INFINITY else min(_DESCRIPTORS, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
