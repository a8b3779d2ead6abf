"""`python -m streamer.reporting.helper_process`: helps make one long report. Started by `helper`.

It reads what it is asked from its standard input and ends with it, whatever becomes of the other
side. It may read the database, and holds no key: what is sealed stays so.
"""

import asyncio
import sys

from streamer.errors import DatabaseError
from streamer.hardening import forbid_core_dumps
from streamer.reporting.frames import (
    Answer,
    Begin,
    Close,
    Count,
    Failed,
    JudgeDay,
    next_request,
    packed,
)
from streamer.reporting.part_work import PartWork
from streamer.reporting.rare_collections import rare_collections
from streamer.storage.postgres import Postgres
from streamer.storage.visit_days import VisitDays


async def help_with(begin: Begin) -> None:
    """Do what is asked for until nothing is; raises DatabaseError."""
    task, access = begin.task, begin.access
    postgres = Postgres(access.url, access.limits, site_id=access.site_id)
    await postgres.open()
    try:
        days = VisitDays(postgres, task.site_id, task.zone)
        async with days.opened(task.period, task.wants, begin.moment) as facts:
            _send(None)
            work = PartWork(task, facts)
            while (asked := await asyncio.to_thread(next_request, sys.stdin.buffer)) is not None:
                match asked:
                    case JudgeDay(day):
                        _send(await work.day(day))
                    case Count():
                        _send(await work.counts())
                    case Close(risk):
                        _send(await work.close(risk))
                    case Begin():
                        raise AssertionError("begun already")
    finally:
        await postgres.close()


def _send(answer: Answer) -> None:
    sys.stdout.buffer.write(packed(answer))
    sys.stdout.buffer.flush()


def main() -> None:
    """Help with the report that the first frame is about."""
    forbid_core_dumps()
    begin = next_request(sys.stdin.buffer)
    if not isinstance(begin, Begin):
        return
    try:
        with rare_collections():
            asyncio.run(help_with(begin))
    except DatabaseError as error:
        _send(Failed(error.message))
    except BrokenPipeError:
        # Whoever asked is gone, and so is the report.
        sys.stderr.close()


if __name__ == "__main__":
    main()
