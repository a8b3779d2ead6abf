"""A second process that judges days of a long report. Used by `making`.

One interpreter judges on one core only. The other process reads the same moment of the database by
itself, so that hardly anything has to be handed over but packed rows.
"""

import asyncio
import os
import pickle
import signal
import subprocess
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import date
from typing import Final

from streamer.child_command import child_command
from streamer.errors import DatabaseError, KirdiError
from streamer.reporting.frames import (
    LENGTH_BYTES,
    Answer,
    Begin,
    Close,
    Count,
    Failed,
    JudgeDay,
    Request,
    packed,
)
from streamer.reporting.part_work import ClosedPart
from streamer.reports.risk_found import RiskFound
from streamer.reports.visit_counts import VisitCounts

_MODULE: Final = "streamer.reporting.helper_process"
# A day of a large polyclinic takes a fifth of a second. Below the minute after which the database
# cuts off whoever waits within a transaction, as we do.
_ANSWER_S: Final = 40.0
_END_S: Final = 5.0
_MOST_BYTES: Final = 1 << 30
# What it takes to find the database, and Python; our own variables may hold secrets.
_KEPT: Final = ("PG", "SSL_", "KRB5", "LANG", "LC_", "TZ", "LD_LIBRARY_PATH", "HOME", "PATH")


class NoHelpError(KirdiError):
    """There is none to be had: the report can be made without."""


class Helper:
    """A running one; goes through days as `PartWork` does."""

    def __init__(self, process: Process) -> None:
        """Take charge of it; `helping` starts one."""
        self._process = process

    @classmethod
    @asynccontextmanager
    async def helping(cls, begin: Begin) -> AsyncIterator["Helper"]:
        """Start one, have it open the period, and end it in any case.

        Raises:
            NoHelpError: It cannot be started, or cannot read the period; nothing was asked of it.
            KirdiError: It dies, or does not answer.
        """
        try:
            process = await asyncio.create_subprocess_exec(
                *child_command(_MODULE),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env={name: value for name, value in os.environ.items() if name.startswith(_KEPT)},
                # Ctrl-C is ours to handle; it sees its standard input end.
                start_new_session=True,
            )
        except OSError as error:
            raise NoHelpError(f"cannot be started ({error.strerror})") from error
        try:
            helper = cls(process)
            try:
                await helper._ask(begin)
            except KirdiError as error:
                raise NoHelpError(error.message) from error
            yield helper
        except BaseException:
            # Nothing that it still does is of use to anybody.
            _kill(process)
            raise
        finally:
            await _ended(process)

    async def day(self, day: date) -> bytes:
        """As `PartWork.day`; raises KirdiError where the process died."""
        found = await self._ask(JudgeDay(day))
        assert isinstance(found, bytes)
        return found

    async def counts(self) -> VisitCounts:
        """As `PartWork.counts`; raises as `day`."""
        found = await self._ask(Count())
        assert isinstance(found, VisitCounts)
        return found

    async def close(self, risk: RiskFound) -> ClosedPart:
        """As `PartWork.close`; raises as `day`."""
        found = await self._ask(Close(risk))
        assert isinstance(found, ClosedPart)
        return found

    async def _ask(self, request: Request) -> Answer:
        # Off the loop: the patients whom rules ask for may be many.
        data = await asyncio.to_thread(packed, request)
        try:
            async with asyncio.timeout(_ANSWER_S):
                data = await self._answer(data)
        except TimeoutError as error:
            raise KirdiError(
                f"report: the process that helped with it gave no answer in {_ANSWER_S:.0f} s; "
                "nothing was kept; make it again when the machine has less to do"
            ) from error
        except (OSError, asyncio.IncompleteReadError) as error:
            raise KirdiError(
                f"report: the process that helped with it {await self._last_words()}; nothing was "
                "kept; make it again"
            ) from error
        answer: Answer = await asyncio.to_thread(pickle.loads, data)
        if isinstance(answer, Failed):
            if answer.of_database:
                raise DatabaseError(answer.message)
            raise KirdiError(
                f"report: the process that helped with it failed ({answer.message}); nothing was "
                "kept; report this fault"
            )
        return answer

    async def _answer(self, request: bytes) -> bytes:
        pipe, answers = self._process.stdin, self._process.stdout
        assert pipe is not None
        assert answers is not None
        pipe.write(request)
        await pipe.drain()
        size = int.from_bytes(await answers.readexactly(LENGTH_BYTES), "big")
        if size > _MOST_BYTES:
            raise OSError("no frame of ours")
        return await answers.readexactly(size)

    async def _last_words(self) -> str:
        """What became of a process that ended too early."""
        with suppress(TimeoutError):
            async with asyncio.timeout(1.0):
                await self._process.wait()
        code = self._process.returncode
        if code == -signal.SIGKILL:
            return "was killed: see that there is enough memory (300 MB for both)"
        return f"ended early (exit code {code})"


async def _ended(process: Process) -> None:
    """Let it end by itself; kill it where it takes too long, or where nobody waits any more."""
    assert process.stdin is not None
    process.stdin.close()
    try:
        async with asyncio.timeout(_END_S):
            await process.wait()
    except TimeoutError:
        _kill(process)
        await process.wait()
    except asyncio.CancelledError:
        _kill(process)
        raise


def _kill(process: Process) -> None:
    with suppress(ProcessLookupError):
        process.kill()
