"""Has jobs run when they are due: a background task of the service.

APScheduler wakes it at the jobs' times. Besides, it looks every half a minute at what the ledger
leaves to be done: what was missed, what is to be tried again, what a killed service left. Which of
several services does it is the ledger's to say, and no clock can make it do a period twice.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from streamer.clock import Clock
from streamer.errors import DatabaseError, InputError, KirdiError
from streamer.jobs.job import Job
from streamer.jobs.job_runner import Ended, JobRunner
from streamer.jobs.ledger import Ledger
from streamer.jobs.site_times import SiteTimes, SiteTrigger

log = structlog.get_logger(__name__)

_EVERY_S: Final = 30.0


class JobScheduler:
    """The jobs of one site. Each runs once at a time; different ones run beside each other."""

    def __init__(
        self,
        jobs: Sequence[Job],
        ledger: Ledger,
        zone: ZoneInfo,
        clock: Clock,
        runner: JobRunner | None = None,
    ) -> None:
        """Keep the collaborators.

        Raises:
            ValueError: A job's cron line cannot be read, or two have one name.
        """
        self._jobs = {job.name: job for job in jobs}
        if len(self._jobs) < len(jobs):
            raise ValueError("two jobs have one name")
        self._times = {job.name: SiteTimes(job.cron, zone) for job in jobs}
        self._ledger = ledger
        self._zone = zone
        self._clock = clock
        self._runner = runner or JobRunner(ledger, clock)
        self._trouble = ""
        # At most one for each job.
        self._asked: dict[str, tuple[str, datetime, bool]] = {}
        self._woken = asyncio.Event()

    @property
    def jobs(self) -> tuple[Job, ...]:
        """All of them."""
        return tuple(self._jobs.values())

    async def run(self, stop: asyncio.Event) -> None:
        """Go on until stopped. A database that is away is waited for."""
        woken = self._woken
        scheduler = AsyncIOScheduler(timezone=self._zone)
        for name, times in self._times.items():
            scheduler.add_job(
                woken.set, SiteTrigger(times), id=name, misfire_grace_time=None, coalesce=True
            )
        scheduler.start()
        running: dict[str, asyncio.Task[None]] = {}
        try:
            while not stop.is_set():
                for job in self._jobs.values():
                    if job.name not in running or running[job.name].done():
                        if job.name in running:
                            # A fault of ours ends the service, which says so.
                            running[job.name].result()
                        running[job.name] = asyncio.create_task(
                            self._looked(job, stop), name=f"job {job.name}"
                        )
                await self._pause(woken, stop)
                # It waits by the wall clock, which may have been set.
                scheduler.wakeup()
        finally:
            scheduler.shutdown(wait=False)
            # They end by themselves, now that `stop` is set.
            await asyncio.gather(*running.values())

    async def look(self, job: Job, stop: asyncio.Event) -> list[Ended]:
        """Do once what of a job is due and not done.

        Raises:
            DatabaseError: The ledger is away.
        """
        now = self._clock.now()
        moments = self._times[job.name].between(now - job.look_back, now)
        due = {job.period(one.astimezone(self._zone)): one for one in moments}
        known = await self._ledger.known(job.name, due)
        todo = dict(known.open)
        latest = list(due.items())[-job.catch_up :]
        if known.first_due_at is None:
            # Newly installed: nothing was missed before.
            latest = latest[-1:]
        for period, due_at in latest:
            later = known.first_due_at is None or due_at >= known.first_due_at
            if period not in known.periods and later:
                todo[period] = due_at
        ended: list[Ended] = []
        for period, due_at in sorted(todo.items(), key=lambda one: one[1]):
            if stop.is_set():
                break
            ended.append(await self._runner.run(job, period, due_at, stop))
        return ended

    def next_due(self, name: str) -> datetime | None:
        """When a job is due next, in UTC; None = never any more."""
        return self._times[name].next_after(self._clock.now())

    def asked(self, name: str) -> str | None:
        """The period of a job that somebody asked for and that is not begun yet."""
        found = self._asked.get(name)
        return None if found is None else found[0]

    def due(self, name: str, period: str | None) -> str:
        """Which period `run_by_hand` would do; raises InputError as it does."""
        return self._due(name, period)[1]

    def ask(self, name: str, period: str | None, *, again: bool) -> str:
        """Have `run` do one period as soon as it can; see `run_by_hand`.

        Returns:
            Which one.

        Raises:
            InputError: There is no such job, or nothing of it was due yet.
            KirdiError: One was asked for already.
        """
        job, period, due_at = self._due(name, period)
        if self._asked.setdefault(job.name, (period, due_at, again)) != (period, due_at, again):
            raise KirdiError(f"job {name}: another period was asked for just now; wait for it")
        self._woken.set()
        return period

    async def run_by_hand(
        self, name: str, period: str | None, stop: asyncio.Event, *, again: bool
    ) -> tuple[str, Ended]:
        """Run one period now: the one that is named, or the latest that was due.

        Raises:
            InputError: There is no such job, or nothing of it was due yet.
            DatabaseError: The ledger is away.
        """
        job, period, due_at = self._due(name, period)
        return period, await self._runner.run(job, period, due_at, stop, again=again)

    def _due(self, name: str, period: str | None) -> tuple[Job, str, datetime]:
        job = self._jobs.get(name)
        if job is None:
            raise InputError(f"job {name}: is unknown; there are {', '.join(self._jobs)}")
        now = self._clock.now()
        moments = self._times[name].between(now - job.look_back, now)
        due = {job.period(one.astimezone(self._zone)): one for one in moments}
        if not due:
            raise InputError(
                f"job {name}: nothing was due in the last {job.look_back.days} days",
                code="job_not_due",
            )
        if period is None:
            period = list(due)[-1]
        if period not in due:
            raise InputError(
                f"job {name}: {period} was not due in the last {job.look_back.days} days; name one "
                f"of {', '.join(due)}"
            )
        return job, period, due[period]

    async def _looked(self, job: Job, stop: asyncio.Event) -> None:
        asked = self._asked.get(job.name)
        try:
            if asked is not None:
                period, due_at, again = asked
                await self._runner.run(job, period, due_at, stop, again=again)
                # A database that was away is asked again, for this one as for the others.
                del self._asked[job.name]
            await self.look(job, stop)
            self._trouble = ""
        except DatabaseError as error:
            if str(error) != self._trouble:
                log.warning("jobs wait for the database", job=job.name, reason=str(error))
            self._trouble = str(error)

    async def _pause(self, woken: asyncio.Event, stop: asyncio.Event) -> None:
        """Wait until a job is due, half a minute has passed, or it ends."""
        sleeping = asyncio.create_task(self._clock.sleep(_EVERY_S, stop))
        waking = asyncio.create_task(woken.wait())
        try:
            await asyncio.wait((sleeping, waking), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (sleeping, waking):
                task.cancel()
            await asyncio.gather(sleeping, waking, return_exceptions=True)
        woken.clear()
