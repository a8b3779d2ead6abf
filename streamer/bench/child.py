"""A process of the benchmark's own, and how both ends of it talk: a line of JSON each way.

It ends when its standard input does, so that none is left behind by a benchmark that was killed.
"""

import asyncio
import os
import subprocess
import sys
import threading
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Final

from config.errors import ConfigError
from matcher.errors import MatcherError
from streamer.errors import KirdiError

_END_S: Final = 15.0
_LINE_BYTES: Final = 16 * 1024 * 1024


class Child:
    """A running one, from the benchmark's side."""

    def __init__(self, module: str, process: Process, log: Path) -> None:
        """Take charge of it; `running` starts one."""
        self._module = module
        self._process = process
        self._log = log

    @classmethod
    @asynccontextmanager
    async def running(cls, module: str, request: bytes, folder: Path) -> AsyncIterator["Child"]:
        """Start `python -m module`, hand it its request, and end it in any case.

        Args:
            module: With a `main` that calls `read_request`.
            request: One line of JSON.
            folder: Where its standard error goes, into a file named after the module.
        """
        log = folder / f"{module}.log"
        with log.open("ab") as errors:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                module,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                limit=_LINE_BYTES,
                # Ctrl-C is the benchmark's to handle; this one sees its standard input end.
                start_new_session=True,
            )
        assert process.stdin is not None
        try:
            process.stdin.write(request + b"\n")
            yield cls(module, process, log)
        finally:
            process.stdin.close()
            await _ended(process)

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    def tell(self, line: bytes) -> None:
        """Hand it a further line; it calls `read_request` for that."""
        assert self._process.stdin is not None
        self._process.stdin.write(line + b"\n")

    async def answer(self, timeout_s: float) -> bytes:
        """Wait for its line.

        Raises:
            KirdiError: It ended without one, or took too long; says its last words.
        """
        assert self._process.stdout is not None
        try:
            async with asyncio.timeout(timeout_s):
                line = await self._process.stdout.readline()
        except TimeoutError as error:
            raise KirdiError(
                f"benchmark: {self._module} gave no answer in {timeout_s:.0f} s; "
                "try fewer cameras, or on a quieter machine"
            ) from error
        if not line:
            await _ended(self._process)
            raise KirdiError(
                f"benchmark: {self._module.rpartition('.')[2]} ended early with "
                f"{self._process.returncode} ({self._last_words()})"
            )
        return line

    def _last_words(self) -> str:
        lines = self._log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return lines[-1].removeprefix("benchmark: ")[:500] if lines else "it said nothing"


async def _ended(process: Process) -> None:
    """Wait for the end, killing what does not end by itself; also when cancelled."""
    try:
        async with asyncio.timeout(_END_S):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
    except asyncio.CancelledError:
        process.kill()
        raise


@contextmanager
def plain_last_words() -> Iterator[None]:
    """End the process on an error of ours with its message as the last line, no traceback."""
    try:
        yield
    except (KirdiError, MatcherError, ConfigError) as error:
        sys.exit(str(error))


def read_request() -> bytes:
    """The request, from the child's side; blocking."""
    line = b""
    while not line.endswith(b"\n"):
        part = os.read(0, 1)
        if not part:
            break
        line += part
    return line


def stop_with_parent(stop: asyncio.Event) -> None:
    """Set `stop` on the running loop once the standard input ends."""
    loop = asyncio.get_running_loop()

    def watch() -> None:
        while os.read(0, 4096):
            continue
        if not loop.is_closed():
            loop.call_soon_threadsafe(stop.set)

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()


def send_answer(answer: bytes) -> None:
    """Write the answer, from the child's side."""
    os.write(1, answer + b"\n")
