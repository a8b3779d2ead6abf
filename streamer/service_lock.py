"""One service per home folder. Held by `app`, looked at by `kirdi health`."""

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from streamer.errors import KirdiError

_LOCK_TRIES: Final = 20
_LOCK_PAUSE_S: Final = 0.05


@asynccontextmanager
async def only_service_of(home: Path) -> AsyncIterator[None]:
    """Hold the home folder's service lock; the kernel lets go of it when the process dies.

    Raises:
        KirdiError: Another service runs on this home folder.
    """
    descriptor = os.open(home / "service.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        # `kirdi health` holds it for an instant; a service holds it for good.
        for _ in range(_LOCK_TRIES):
            if _locked(descriptor):
                break
            await asyncio.sleep(_LOCK_PAUSE_S)
        else:
            raise KirdiError(
                f"service: another one runs on {home}; stop it, or set KIRDI_HOME elsewhere"
            )
        yield
    finally:
        os.close(descriptor)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
