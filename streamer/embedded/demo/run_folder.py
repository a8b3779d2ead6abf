"""A home folder of its own for each run of the demo or a benchmark, gone at its end; blocking.

So a real installation's data is never touched, and several demos run beside one another. What a
killed run left behind, its servers included, is cleared away by the next one.
"""

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog

from streamer.embedded.home import make_private_folder
from streamer.embedded.services import EmbeddedServers
from streamer.errors import EmbeddedError

_LOCK = "run.lock"
_WAIT_S = 60.0  # for another demo that clears away what a killed one left
_log = structlog.get_logger(__name__)


@contextmanager
def run_folder(demo_home: Path) -> Iterator[Path]:
    """Make a folder, 0700, and remove it at the end.

    Raises:
        EmbeddedError: It cannot be made.
    """
    runs = demo_home / "runs"
    make_private_folder(runs)
    try:
        with _locked(runs / ".lock"):
            _sweep(runs)
            folder = Path(tempfile.mkdtemp(dir=runs))
            lock = _take(folder / _LOCK)
    except OSError as error:
        raise EmbeddedError(
            f"run folder {runs}: it cannot be used ({error.strerror}); "
            "free or open it for this user, or set KIRDI_HOME to another folder"
        ) from error
    try:
        yield folder
    finally:
        _remove(folder)
        if lock is not None:
            os.close(lock)


def _sweep(runs: Path) -> None:
    """Remove the folders of runs that are over: nobody holds their lock."""
    for folder in sorted(one for one in runs.iterdir() if one.is_dir()):
        lock = _take(folder / _LOCK)
        if lock is None:
            continue
        try:
            _log.info("clearing away a run that was killed", folder=str(folder))
            _stop_servers(folder)
            _remove(folder)
        finally:
            os.close(lock)


def _stop_servers(folder: Path) -> None:
    servers = EmbeddedServers(folder)
    if any(server.pid is not None for server in servers.status()):
        # Taking them over and letting go of them stops them: nobody else uses them.
        servers.release(servers.acquire(database=True, redis=True))


def _remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    if folder.exists():
        _log.warning("run folder not removed", folder=str(folder))


def _take(path: Path) -> int | None:
    """The lock's descriptor; None where a process that lives holds it."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    return handle


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    give_up = time.monotonic() + _WAIT_S
    while (handle := _take(path)) is None:
        if time.monotonic() >= give_up:
            raise EmbeddedError(
                f"{path}: another run has been starting for {_WAIT_S:.0f} s; "
                "stop it, or set KIRDI_HOME to another folder"
            )
        time.sleep(0.05)
    try:
        yield
    finally:
        os.close(handle)
