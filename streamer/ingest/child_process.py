"""A decoder's operating-system process: its start, its end, and what it died of."""

import asyncio
import os
import signal
import socket
import subprocess
from collections.abc import Callable
from typing import Final, Self

from streamer.child_command import child_command
from streamer.ingest.child_environment import child_environment
from streamer.ingest.readiness import readable

_MODULE: Final = "streamer.ingest.decoder"
_ASKED_S: Final = 1.0
_TERMINATED_S: Final = 4.0
_HURRIED_S: Final = 1.0
_KILLED_S: Final = 1.0


class ChildProcess:
    """One process in a session of its own, without the service's environment or descriptors."""

    def __init__(self, process: "subprocess.Popen[bytes]", handle: int) -> None:
        """Take charge of a running process; `start` makes one.

        Args:
            process: The process.
            handle: Its pidfd, readable once it has ended.
        """
        self._process = process
        self._handle = handle

    @classmethod
    def start(cls, link: socket.socket) -> Self:
        """Start a decoder.

        Takes half a millisecond on the event loop's thread, on purpose: the process dies with the
        thread that started it, and a worker thread may end early.

        Args:
            link: The socket it inherits; the caller closes its own copy.

        Raises:
            OSError: No process or descriptor is to be had.
        """
        process = subprocess.Popen(
            child_command(_MODULE, str(link.fileno())),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(link.fileno(),),
            env=child_environment(),
            cwd="/",
            start_new_session=True,
        )
        try:
            return cls(process, os.pidfd_open(process.pid))
        except OSError:
            process.kill()
            process.wait()
            raise

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    async def end(self, ask: Callable[[], None], hurry: asyncio.Event) -> None:
        """End and reap the process: asked, terminated 1 s later, killed after another 4 s.

        Args:
            ask: Asks it to end by itself.
            hurry: Once set, it is killed 1 s after it was terminated.
        """
        try:
            ask()
            if await self._ends(_ASKED_S):
                return
            self._process.terminate()
            if await self._ends(_TERMINATED_S, hurry) or await self._ends(_HURRIED_S):
                return
            self._process.kill()
            await self._ends(_KILLED_S)
        finally:
            # Also when cancelled: neither a process nor a descriptor is left.
            if self._process.poll() is None:
                self._process.kill()
                self._process.wait()
            os.close(self._handle)

    async def last_words(self, wait_s: float) -> str:
        """What became of a process that said nothing; waits a moment until that is known."""
        if not await self._ends(wait_s):
            return "the decoder process closed its connection"
        status = self._process.poll()
        if status is not None and status < 0:
            return f"the decoder process died ({_signal_name(-status)})"
        return f"the decoder process ended (exit code {status})"

    async def _ends(self, wait_s: float, unless: asyncio.Event | None = None) -> bool:
        return await readable(self._handle, wait_s, unless or asyncio.Event())


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
