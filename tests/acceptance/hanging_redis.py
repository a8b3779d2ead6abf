"""An installation's Redis that keeps its socket and says nothing."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from streamer.embedded.services import EmbeddedServers


@contextmanager
def hanging_redis(home: Path) -> Iterator[None]:
    """Stopped meanwhile; it must run."""
    (pid,) = [one.pid for one in EmbeddedServers(home).status() if one.name == "redis"]
    assert pid is not None
    server = psutil.Process(pid)
    server.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        server.send_signal(signal.SIGCONT)
