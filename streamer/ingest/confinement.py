"""What a decoder process gives up before it touches foreign data. Runs in the decoder process."""

import ctypes
import os
import resource
import signal
from typing import Final

_PR_SET_PDEATHSIG: Final = 1
_PR_SET_DUMPABLE: Final = 4


def confine() -> None:
    """Die with the service, and never leave a core dump with people's pixels.

    The death signal comes when the *thread* that started this process ends, so the service starts
    decoders from its event loop's thread. Being undumpable covers systems that pipe core dumps to a
    program, which a limit of zero does not stop.

    Raises:
        OSError: The kernel refuses.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    for option, value in ((_PR_SET_PDEATHSIG, signal.SIGKILL), (_PR_SET_DUMPABLE, 0)):
        if libc.prctl(option, int(value), 0, 0, 0) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
