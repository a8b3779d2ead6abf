"""Keeps the process's memory out of files. Called first thing by the service.

A core dump of the service would hold templates, keys and faces.
"""

import ctypes
import resource

from streamer.errors import KirdiError

_PR_SET_DUMPABLE = 4


def forbid_core_dumps() -> None:
    """Switch core dumps off, and keep other processes of this user out of our memory.

    Raises:
        KirdiError: The kernel refuses; the service must not start then.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0) != 0:
        raise KirdiError("service: the kernel does not let core dumps be switched off; ask for it")
