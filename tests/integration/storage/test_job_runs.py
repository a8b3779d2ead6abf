"""The ledger in PostgreSQL: one winner, takeover after a kill, nothing twice."""

import asyncio
import os
import signal
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from streamer.domain.job_run import Outcome
from streamer.jobs.job import Assignment, Job
from streamer.jobs.job_runner import JobRunner
from streamer.jobs.job_scheduler import JobScheduler
from streamer.storage.job_runs import PostgresJobRuns
from tests.fakes.clock import ShiftedClock
from tests.integration.storage.clinic import NOW, SITE, Clinic

ALMATY = ZoneInfo("Asia/Almaty")
MINUTE = timedelta(minutes=1)


def ledger(clinic: Clinic) -> PostgresJobRuns:
    return PostgresJobRuns(clinic.database.postgres, SITE.id)


async def test_of_many_one_gets_it(clinic: Clinic) -> None:
    claims = await asyncio.gather(
        *(ledger(clinic).claim("nightly", "2026-11-23", NOW, MINUTE) for _ in range(20))
    )
    assert sum(one is not None for one in claims) == 1


async def test_two_schedulers_at_once_do_each_period_once(clinic: Clinic) -> None:
    done: Counter[str] = Counter()

    async def work(assignment: Assignment) -> Outcome:
        done[assignment.period] += 1
        await asyncio.sleep(0.02)
        return {"rows": 3}

    job = Job("nightly", "30 3 * * *", work, catch_up=5)
    clocks = [ShiftedClock(NOW - timedelta(days=4)), ShiftedClock(NOW - timedelta(days=4))]
    schedulers = [JobScheduler([job], ledger(clinic), ALMATY, one) for one in clocks]
    never = asyncio.Event()
    # One of the clocks is wrong by days, to and fro.
    for days in (4, 1, 9, 0, 2, 3, 5):
        clocks[0].set(NOW)
        clocks[1].set(NOW - timedelta(days=days))
        await asyncio.gather(*(one.look(job, never) for one in schedulers))
    assert set(done.values()) == {1}
    assert "2026-11-23" in done
    rows = await ledger(clinic).runs("nightly", 50)
    assert {row.period for row in rows} == set(done)
    assert {(row.state, row.outcome, row.attempts) for row in rows} == {("done", '{"rows": 3}', 1)}


async def test_failures_and_stops_are_kept(clinic: Clinic) -> None:
    mine = ledger(clinic)
    claim = await mine.claim("nightly", "2026-11-23", NOW, MINUTE)
    assert claim is not None
    assert await mine.failed(claim, "disk: is full", timedelta(0))
    assert not await mine.done(claim, {})
    known = await mine.known("nightly", ["2026-11-22", "2026-11-23"])
    assert known.periods == {"2026-11-23"}
    assert [period for period, _ in known.open] == ["2026-11-23"]
    again = await mine.claim("nightly", "2026-11-23", NOW, MINUTE)
    assert again is not None
    assert again.attempt == 2
    assert await mine.give_back(again)
    third = await mine.claim("nightly", "2026-11-23", NOW, MINUTE)
    assert third is not None
    assert third.attempt == 2
    assert await mine.failed(third, "disk: is full", None)
    (row,) = await mine.runs(None, 10)
    assert (row.state, row.error) == ("failed", "disk: is full")
    assert await mine.claim("nightly", "2026-11-23", NOW, MINUTE) is None
    by_hand = await mine.claim("nightly", "2026-11-23", NOW, MINUTE, again=True)
    assert by_hand is not None
    assert by_hand.attempt == 1


async def test_nobody_takes_what_somebody_runs(clinic: Clinic) -> None:
    mine = ledger(clinic)
    claim = await mine.claim("nightly", "2026-11-23", NOW, MINUTE)
    assert claim is not None
    assert await mine.claim("nightly", "2026-11-23", NOW, MINUTE, again=True) is None
    assert (await mine.known("nightly", [])).open == ()
    assert await mine.keep(claim, timedelta(0))
    taken = await mine.claim("nightly", "2026-11-23", NOW, MINUTE)
    assert taken is not None
    assert not await mine.keep(claim, MINUTE)
    assert not await mine.done(claim, {})
    assert await mine.done(taken, {})


CHILD = """
import asyncio, sys
from datetime import datetime, timedelta, UTC
from config.settings import Database
from streamer.storage.database_role import DatabaseRole
from streamer.storage.job_runs import PostgresJobRuns
from streamer.storage.postgres import Postgres

async def main():
    role = DatabaseRole.SERVICE
    postgres = Postgres(sys.argv[1], Database(), role=role, site_id=sys.argv[2])
    await postgres.open()
    ledger = PostgresJobRuns(postgres, sys.argv[2])
    due_at = datetime(2026, 11, 22, 22, 30, tzinfo=UTC)
    claim = await ledger.claim("nightly", "2026-11-23", due_at, timedelta(seconds=1))
    print("claimed" if claim else "not ours", flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""


async def test_kill_9_in_the_middle(clinic: Clinic, migrated_url: str) -> None:
    child = await asyncio.to_thread(
        subprocess.Popen,
        [sys.executable, "-c", CHILD, migrated_url, SITE.id],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ,
    )
    assert child.stdout is not None
    line = await asyncio.to_thread(child.stdout.readline)
    child.send_signal(signal.SIGKILL)
    await asyncio.to_thread(child.wait)
    child.stdout.close()
    assert line == "claimed\n"

    done: list[str] = []

    async def work(assignment: Assignment) -> Outcome:
        done.append(assignment.period)
        return {}

    clock = ShiftedClock(datetime(2026, 11, 23, 4, 0, tzinfo=UTC))
    mine = ledger(clinic)
    job = Job("nightly", "30 3 * * *", work)
    scheduler = JobScheduler([job], mine, ALMATY, clock, JobRunner(mine, clock))
    never = asyncio.Event()
    for _ in range(200):
        await scheduler.look(job, never)
        if done:
            break
        await asyncio.sleep(0.05)
    assert done == ["2026-11-23"]
    (row,) = await mine.runs("nightly", 10)
    assert (row.state, row.attempts) == ("done", 2)
