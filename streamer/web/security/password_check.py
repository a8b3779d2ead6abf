"""Checks passwords in a few threads; turns away whom it would keep waiting. Used by `sign_in`."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, Protocol, TypeVar

from streamer.web.problem import too_many

_THREADS: Final = 2
_MOST: Final = 8
"""Being checked and waiting, at most; each takes 46 MiB while it is checked."""

_BUSY_S: Final = 2.0

_T = TypeVar("_T")


class Hasher(Protocol):
    """`crypto.passwords.Passwords` is one; its methods block."""

    def hash(self, password: str) -> str:
        """Return the hash of a new password."""
        ...

    def verify(self, stored: str | None, password: str) -> bool:
        """Is it the password? None takes the same time and is never right."""
        ...

    def outdated(self, stored: str) -> bool:
        """Was it made with other parameters than new ones are?"""
        ...


class PasswordCheck:
    """A bounded pool around what blocks."""

    def __init__(self, hasher: Hasher) -> None:
        """Keep what hashes; `close` ends the threads."""
        self._hasher = hasher
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="passwords")
        self._inside = 0

    async def verify(self, stored: str | None, password: str) -> bool:
        """See `Hasher`.

        Raises:
            Problem: Too many are being checked.
        """
        return await self._run(lambda: self._hasher.verify(stored, password))

    async def hash(self, password: str) -> str:
        """See `Hasher`.

        Raises:
            Problem: Too many are being checked.
        """
        return await self._run(lambda: self._hasher.hash(password))

    def outdated(self, stored: str) -> bool:
        """See `Hasher`; does not block."""
        return self._hasher.outdated(stored)

    def close(self) -> None:
        """Let the threads end."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _run(self, work: Callable[[], _T]) -> _T:
        if self._inside >= _MOST:
            raise too_many(_BUSY_S)
        self._inside += 1
        future = asyncio.get_running_loop().run_in_executor(self._threads, work)
        # A place is free when the thread is, not when whoever asked has hung up.
        future.add_done_callback(self._out)
        return await asyncio.shield(future)

    def _out(self, _done: object) -> None:
        self._inside -= 1
