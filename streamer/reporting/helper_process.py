"""`python -m streamer.reporting.helper_process`: helps make one long report. Started by `helper`.

It reads what it is asked from its standard input and ends with it, whatever becomes of the other
side. It may read the database, and holds no key: what is sealed stays so.
"""

import asyncio
import os
import sys
from pathlib import Path

from streamer.errors import DatabaseError
from streamer.hardening import forbid_core_dumps
from streamer.reporting.frames import (
    Answer,
    Begin,
    Close,
    Count,
    Failed,
    JudgeDay,
    Request,
    next_request,
    packed,
)
from streamer.reporting.part_work import PartWork
from streamer.reporting.rare_collections import rare_collections
from streamer.storage.postgres import Postgres
from streamer.storage.visit_days import VisitDays


class _GoneError(Exception):
    """Whoever asked is gone, and so is the report."""


class _Talk:
    """With the process that makes the report."""

    def __init__(self) -> None:
        # What a library prints must not be taken for an answer.
        self._answers = os.dup(1)
        os.dup2(2, 1)

    async def request(self) -> Request | None:
        return await asyncio.to_thread(next_request, sys.stdin.buffer)

    def answer(self, answer: Answer) -> None:
        left = memoryview(packed(answer))
        try:
            while left:
                left = left[os.write(self._answers, left) :]
        except BrokenPipeError:
            raise _GoneError from None


async def help_with(begin: Begin, talk: _Talk) -> None:
    """Do what is asked for until nothing is; raises DatabaseError."""
    task, access = begin.task, begin.access
    postgres = Postgres(access.url, access.limits(), site_id=access.site_id)
    await postgres.open()
    try:
        days = VisitDays(postgres, task.site_id, task.zone)
        async with days.opened(task.period, task.wants, begin.moment) as facts:
            talk.answer(None)
            work = PartWork(task, facts)
            while (asked := await talk.request()) is not None:
                match asked:
                    case JudgeDay(day):
                        talk.answer(await work.day(day))
                    case Count():
                        talk.answer(await work.counts())
                    case Close(risk):
                        talk.answer(await work.close(risk))
                    case Begin():
                        raise AssertionError("begun already")
    finally:
        await postgres.close()


def main() -> None:
    """Help with the report that the first frame is about."""
    forbid_core_dumps()
    talk = _Talk()
    begin = next_request(sys.stdin.buffer)
    if not isinstance(begin, Begin):
        return
    try:
        try:
            with rare_collections():
                asyncio.run(help_with(begin, talk))
        except DatabaseError as error:
            talk.answer(Failed(error.message, of_database=True))
        except _GoneError:
            raise
        except Exception as error:  # noqa: BLE001 - told to whoever asked
            # The border of this process: whoever asked tells it, without what stands in the data.
            talk.answer(Failed(f"{type(error).__name__} {_place_of(error)}", of_database=False))
    except _GoneError:
        return


def _place_of(error: BaseException) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return ""
    return f"at {Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}"


if __name__ == "__main__":
    main()
    # Taking a month's records apart takes a tenth of a second, and whoever asked waits for the end.
    os._exit(0)
