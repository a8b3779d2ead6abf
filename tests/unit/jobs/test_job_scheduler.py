"""What of a job is done when: missed periods, failures, kills, clocks that are set."""

import asyncio
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from streamer.domain.job_run import Outcome
from streamer.errors import DatabaseError, InputError, KirdiError
from streamer.jobs.job import Assignment, Job, month_period
from streamer.jobs.job_runner import Ending, JobRunner
from streamer.jobs.job_scheduler import JobScheduler
from tests.fakes.clock import FakeClock, ShiftedClock
from tests.fakes.ledger import FakeLedger

ALMATY = ZoneInfo("Asia/Almaty")
DAY_S = 86400


class Worker:
    """Notes what it is asked for."""

    def __init__(self) -> None:
        self.periods: list[str] = []
        self.error: Exception | None = None
        self.begun = asyncio.Event()

    async def work(self, assignment: Assignment) -> Outcome:
        self.periods.append(assignment.period)
        self.begun.set()
        if self.error is not None:
            raise self.error
        return {"rows": 1}

    def job(self, catch_up: int = 1, name: str = "nightly") -> Job:
        return Job(name, "30 3 * * *", self.work, catch_up=catch_up)


class Bench:
    def __init__(self, job: Job, clock: FakeClock | None = None) -> None:
        # 09:00 of 23 November in Almaty.
        self.clock = clock or FakeClock(datetime(2026, 11, 23, 4, 0, tzinfo=UTC))
        self.ledger = FakeLedger(self.clock)
        # Of its own: a fake clock's sleep would let the lease run out at once.
        runner = JobRunner(self.ledger, ShiftedClock(self.clock.now()))
        self.scheduler = JobScheduler([job], self.ledger, ALMATY, self.clock, runner)
        self.job = job

    async def look(self) -> list[Ending]:
        ended = await self.scheduler.look(self.job, asyncio.Event())
        return [one.ending for one in ended]


async def test_the_latest_period_is_done_at_the_first_start_and_once() -> None:
    worker = Worker()
    bench = Bench(worker.job(catch_up=7))
    assert await bench.look() == [Ending.DONE]
    assert await bench.look() == []
    bench.clock.advance(DAY_S)
    assert await bench.look() == [Ending.DONE]
    assert worker.periods == ["2026-11-23", "2026-11-24"]


@pytest.mark.parametrize(
    ("catch_up", "done"),
    [
        (1, ["2026-11-27"]),
        (3, ["2026-11-25", "2026-11-26", "2026-11-27"]),
        (9, ["2026-11-24", "2026-11-25", "2026-11-26", "2026-11-27"]),
    ],
)
async def test_what_was_missed_is_caught_up(catch_up: int, done: list[str]) -> None:
    worker = Worker()
    bench = Bench(worker.job(catch_up))
    await bench.look()
    bench.clock.advance(4 * DAY_S)
    await bench.look()
    assert worker.periods[1:] == done


async def test_a_clock_set_back_and_forward_runs_nothing_twice() -> None:
    worker = Worker()
    bench = Bench(worker.job())
    await bench.look()
    for days in (-3, 3, 2, -2, 400, -400, 1):
        bench.clock.advance(days * DAY_S)
        await bench.look()
    assert len(worker.periods) == len(set(worker.periods))
    # A day that the clock showed by mistake does not stop the days that follow.
    assert worker.periods == ["2026-11-23", "2026-11-25", "2027-12-28", "2026-11-24"]


async def test_a_failure_is_tried_again_after_a_while_and_given_up_in_the_end() -> None:
    worker = Worker()
    bench = Bench(worker.job())
    worker.error = KirdiError("disk: is full")
    assert await bench.look() == [Ending.FAILED]
    assert await bench.look() == []
    for wait_s in (60, 300, 900, 3600):
        bench.clock.advance(wait_s - 1)
        assert await bench.look() == []
        bench.clock.advance(1)
        assert await bench.look() == [Ending.FAILED]
    row = bench.ledger.rows["nightly", "2026-11-23"]
    assert (row.state, row.attempts, row.error) == ("failed", 5, "disk: is full")
    bench.clock.advance(3600)
    assert await bench.look() == []


async def test_an_unforeseen_error_is_named_without_its_text() -> None:
    worker = Worker()
    bench = Bench(worker.job())
    worker.error = ValueError("password=hunter2")
    assert await bench.look() == [Ending.FAILED]
    assert bench.ledger.rows["nightly", "2026-11-23"].error == "a fault of the program (ValueError)"


async def test_a_killed_run_is_taken_over_after_its_lease() -> None:
    worker = Worker()
    bench = Bench(worker.job())
    due_at = bench.clock.now()
    await bench.ledger.claim("nightly", "2026-11-23", due_at, timedelta(minutes=2))
    assert await bench.look() == []
    bench.clock.advance(120)
    assert await bench.look() == [Ending.DONE]
    assert bench.ledger.rows["nightly", "2026-11-23"].attempts == 2


async def test_what_kills_its_service_again_and_again_is_given_up() -> None:
    worker = Worker()
    bench = Bench(worker.job())
    for _ in range(5):
        claim = await bench.ledger.claim("nightly", "2026-11-23", bench.clock.now(), timedelta(0))
        assert claim is not None
    assert await bench.look() == [Ending.FAILED]
    assert worker.periods == []
    assert bench.ledger.state("nightly", "2026-11-23") == "failed"


async def test_a_stop_gives_the_period_back() -> None:
    clock = FakeClock()
    begun, stop = asyncio.Event(), asyncio.Event()

    async def work(assignment: Assignment) -> Outcome:
        begun.set()
        await assignment.stop.wait()
        return {"so far": 3}

    bench = Bench(Job("nightly", "30 3 * * *", work), clock)
    looking = asyncio.create_task(bench.scheduler.look(bench.job, stop))
    await begun.wait()
    stop.set()
    assert [one.ending for one in await looking] == [Ending.INTERRUPTED]
    row = bench.ledger.rows["nightly", "2026-11-23"]
    assert (row.state, row.attempts) == ("waiting", 0)


async def test_who_loses_the_lease_stops_and_writes_nothing() -> None:
    clock = ShiftedClock(datetime(2026, 11, 23, 4, 0, tzinfo=UTC))
    ledger = FakeLedger(clock)

    async def work(assignment: Assignment) -> Outcome:
        # Somebody else takes it over, as after a machine that was asleep.
        ledger.rows["nightly", "2026-11-23"].until = clock.now()
        assert await ledger.claim("nightly", "2026-11-23", clock.now(), timedelta(hours=1))
        await asyncio.sleep(3600)
        return {}

    job = Job("nightly", "30 3 * * *", work)
    runner = JobRunner(ledger, clock, timedelta(milliseconds=40))
    scheduler = JobScheduler([job], ledger, ALMATY, clock, runner)
    ended = await scheduler.look(job, asyncio.Event())
    assert [one.ending for one in ended] == [Ending.NOT_OURS]
    assert ledger.state("nightly", "2026-11-23") == "running"


async def test_what_takes_too_long_has_failed() -> None:
    async def work(assignment: Assignment) -> Outcome:
        await assignment.stop.wait()
        return {}

    bench = Bench(Job("nightly", "30 3 * * *", work, timeout_s=0.01))
    assert await bench.look() == [Ending.FAILED]
    assert bench.ledger.rows["nightly", "2026-11-23"].error == "took longer than 0 s"


async def test_by_hand() -> None:
    worker = Worker()
    bench = Bench(worker.job())
    stop = asyncio.Event()

    async def run(period: str | None = None, again: bool = False) -> tuple[str, Ending]:
        period, ended = await bench.scheduler.run_by_hand("nightly", period, stop, again=again)
        return period, ended.ending

    assert await run() == ("2026-11-23", Ending.DONE)
    assert await run() == ("2026-11-23", Ending.NOT_OURS)
    assert await run(again=True) == ("2026-11-23", Ending.DONE)
    assert await run("2026-11-20") == ("2026-11-20", Ending.DONE)
    with pytest.raises(InputError, match="2026-11-24 was not due"):
        await run("2026-11-24")
    with pytest.raises(InputError, match="there are nightly"):
        await bench.scheduler.run_by_hand("weekly", None, stop, again=False)


async def test_the_task_runs_what_is_due_and_ends_when_told() -> None:
    worker = Worker()
    clock = ShiftedClock(datetime(2026, 11, 23, 4, 0, tzinfo=UTC))
    scheduler = JobScheduler([worker.job()], FakeLedger(clock), ALMATY, clock)
    stop = asyncio.Event()
    task = asyncio.create_task(scheduler.run(stop))
    await asyncio.wait_for(worker.begun.wait(), 10)
    stop.set()
    await asyncio.wait_for(task, 10)
    assert worker.periods == ["2026-11-23"]


class QuickClock(ShiftedClock):
    """Sleeps are short."""

    async def sleep(self, seconds: float, stop: asyncio.Event) -> bool:
        return await super().sleep(min(seconds, 0.005), stop)


async def test_jobs_that_come_change_and_go_are_known_to_the_task() -> None:
    clock, worker, other = (
        QuickClock(datetime(2026, 11, 23, 4, 0, tzinfo=UTC)),
        Worker(),
        Worker(),
    )
    jobs: list[Job] = []
    error: Exception | None = None

    async def of_now() -> tuple[Job, ...]:
        if error is not None:
            raise error
        return tuple(jobs)

    scheduler = JobScheduler([], FakeLedger(clock), ALMATY, clock, of_now=of_now)
    stop = asyncio.Event()
    task = asyncio.create_task(scheduler.run(stop))
    jobs.append(worker.job())
    await asyncio.wait_for(worker.begun.wait(), 10)
    assert worker.periods == ["2026-11-23"]
    # The database is away, and comes back: nothing is lost by it.
    error = DatabaseError("away")
    await asyncio.sleep(0.05)
    assert [one.name for one in scheduler.jobs] == ["nightly"]
    error = None
    jobs[:] = [other.job(name="weekly")]
    await asyncio.wait_for(other.begun.wait(), 10)
    other.begun.clear()
    clock.set(datetime(2026, 11, 24, 4, 0, tzinfo=UTC))
    await asyncio.wait_for(other.begun.wait(), 10)
    assert other.periods == ["2026-11-23", "2026-11-24"]
    assert worker.periods == ["2026-11-23"]
    assert [one.name for one in scheduler.jobs] == ["weekly"]
    assert scheduler.next_due("nightly") is None
    stop.set()
    await asyncio.wait_for(task, 10)


async def test_a_job_that_is_removed_while_it_catches_up_does_no_further_period() -> None:
    worker = Worker()
    clock = FakeClock(datetime(2026, 11, 23, 4, 0, tzinfo=UTC))
    ledger, held = FakeLedger(clock), [worker.job(catch_up=7)]

    async def of_now() -> tuple[Job, ...]:
        return tuple(held)

    runner = JobRunner(ledger, ShiftedClock(clock.now()))
    scheduler = JobScheduler(held, ledger, ALMATY, clock, runner, of_now=of_now)
    await scheduler.look(held[0], asyncio.Event())
    clock.advance(3 * DAY_S)

    async def work(assignment: Assignment) -> Outcome:
        held.clear()
        await scheduler.refresh()
        return await worker.work(assignment)

    (job,) = held[:] = [Job("nightly", "30 3 * * *", work, catch_up=7)]
    assert await scheduler.refresh()
    assert len(await scheduler.look(job, asyncio.Event())) == 1
    assert worker.periods == ["2026-11-23", "2026-11-24"]


def test_two_jobs_of_one_name_are_refused() -> None:
    worker = Worker()
    with pytest.raises(ValueError, match="one name"):
        JobScheduler([worker.job(), worker.job()], FakeLedger(FakeClock()), ALMATY, FakeClock())


def test_a_month_is_a_period_too() -> None:
    assert month_period(datetime(2026, 11, 30, 23, tzinfo=ALMATY)) == "2026-11"
