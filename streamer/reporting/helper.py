"""A second process that judges days of a long report. Used by `making`.

One interpreter judges on one core only. The other process reads the same moment of the database by
itself, so that hardly anything has to be handed over but packed rows.
"""

import asyncio
import pickle
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
# A day of a large polyclinic takes a fifth of a second.
_ANSWER_S: Final = 120.0
_END_S: Final = 5.0


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
            DatabaseError: It cannot read the period.
            KirdiError: It cannot be started, or dies.
        """
        try:
            process = await asyncio.create_subprocess_exec(
                *child_command(_MODULE),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                # Ctrl-C is ours to handle; it sees its standard input end.
                start_new_session=True,
            )
        except OSError as error:
            raise KirdiError(
                f"report: a second process to help with it cannot be started ({error.strerror}); "
                "allow this user more processes and memory"
            ) from error
        try:
            helper = cls(process)
            await helper._ask(begin)
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
        pipe, answers = self._process.stdin, self._process.stdout
        assert pipe is not None
        assert answers is not None
        try:
            async with asyncio.timeout(_ANSWER_S):
                pipe.write(packed(request))
                await pipe.drain()
                size = int.from_bytes(await answers.readexactly(LENGTH_BYTES), "big")
                data = await answers.readexactly(size)
        except (OSError, TimeoutError, asyncio.IncompleteReadError) as error:
            raise KirdiError(
                "report: the process that helped with it died or did not answer; nothing was kept; "
                "see that there is enough memory (300 MB), and make it again"
            ) from error
        answer: Answer = await asyncio.to_thread(pickle.loads, data)
        if isinstance(answer, Failed):
            raise DatabaseError(answer.message)
        return answer


async def _ended(process: Process) -> None:
    """Let it end; kill what does not, and what somebody waits for who was cancelled."""
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
