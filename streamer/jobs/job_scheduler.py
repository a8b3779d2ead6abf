"""Has jobs run when they are due: a background task of the service.

APScheduler wakes it at the jobs' times. Besides, it looks every half a minute at what the ledger
leaves to be done: what was missed, what is to be tried again, what a killed service left. Which of
several services does it is the ledger's to say, and no clock can make it do a period twice.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
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
# How soon a job that somebody added, changed or removed is known.
_CHANGES_EVERY_S: Final = 5.0


class JobScheduler:
    """The jobs of one site. Each runs once at a time; different ones run beside each other."""

    def __init__(
        self,
        jobs: Sequence[Job],
        ledger: Ledger,
        zone: ZoneInfo,
        clock: Clock,
        runner: JobRunner | None = None,
        of_now: Callable[[], Awaitable[Sequence[Job]]] | None = None,
    ) -> None:
        """Keep the collaborators.

        Args:
            jobs: What is known to begin with.
            ledger: Knows what ran.
            zone: The site's.
            clock: The time.
            runner: Runs one; None = the usual one.
            of_now: Says which jobs there are now, an unchanged one as the same object; raises
                DatabaseError. None = they never change.

        Raises:
            ValueError: A job's cron line cannot be read, or two have one name.
        """
        self._jobs: dict[str, Job] = {}
        self._times: dict[str, SiteTimes] = {}
        self._of_now = of_now
        self._ledger = ledger
        self._zone = zone
        self._clock = clock
        self._runner = runner or JobRunner(ledger, clock)
        self._trouble = ""
        # At most one for each job.
        self._asked: dict[str, tuple[str, datetime, bool]] = {}
        self._woken = asyncio.Event()
        self._take(jobs)

    @property
    def jobs(self) -> tuple[Job, ...]:
        """All of them."""
        return tuple(self._jobs.values())

    async def run(self, stop: asyncio.Event) -> None:
        """Go on until stopped. A database that is away is waited for."""
        woken = self._woken
        scheduler = AsyncIOScheduler(timezone=self._zone)
        scheduler.start()
        running: dict[str, asyncio.Task[None]] = {}
        waking: dict[str, Job] = {}
        try:
            while not stop.is_set():
                await self._refreshed()
                self._wake_at_times(scheduler, waking)
                for name in [one for one in running if running[one].done()]:
                    # A fault of ours ends the service, which says so.
                    running.pop(name).result()
                for job in self._jobs.values():
                    if job.name not in running:
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
            # Removed or changed meanwhile: as it is now is looked at next.
            if stop.is_set() or self._jobs.get(job.name) is not job:
                break
            ended.append(await self._runner.run(job, period, due_at, stop))
        return ended

    async def refresh(self) -> bool:
        """Learn which jobs there are now; True = others than before.

        Raises:
            DatabaseError: They are as they were.
        """
        if self._of_now is None:
            return False
        before = self._jobs
        self._take(await self._of_now())
        same = len(before) == len(self._jobs) and all(
            before.get(name) is job for name, job in self._jobs.items()
        )
        return not same

    def next_due(self, name: str) -> datetime | None:
        """When a job is due next, in UTC; None = never any more, or no job."""
        times = self._times.get(name)
        return None if times is None else times.next_after(self._clock.now())

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
                self._asked.pop(job.name, None)
            await self.look(job, stop)
            self._trouble = ""
        except DatabaseError as error:
            if str(error) != self._trouble:
                log.warning("jobs wait for the database", job=job.name, reason=str(error))
            self._trouble = str(error)

    def _take(self, jobs: Sequence[Job]) -> None:
        found = {job.name: job for job in jobs}
        if len(found) < len(jobs):
            raise ValueError("two jobs have one name")
        times = {name: SiteTimes(job.cron, self._zone) for name, job in found.items()}
        self._jobs, self._times = found, times
        for name in self._asked.keys() - found.keys():
            del self._asked[name]

    async def _refreshed(self) -> bool:
        """As `refresh`; a database that is away is waited for."""
        try:
            return await self.refresh()
        except DatabaseError as error:
            if str(error) != self._trouble:
                log.warning("jobs wait for the database", reason=str(error))
            self._trouble = str(error)
            return False

    def _wake_at_times(self, scheduler: AsyncIOScheduler, waking: dict[str, Job]) -> None:
        """Have `scheduler` wake us when jobs are due; `waking`: for which it does already."""
        for name in waking.keys() - self._jobs.keys():
            if scheduler.get_job(name) is not None:
                scheduler.remove_job(name)
            del waking[name]
        for name, job in self._jobs.items():
            if waking.get(name) is not job:
                scheduler.add_job(
                    self._woken.set,
                    SiteTrigger(self._times[name]),
                    id=name,
                    misfire_grace_time=None,
                    coalesce=True,
                    replace_existing=True,
                )
                waking[name] = job

    async def _pause(self, woken: asyncio.Event, stop: asyncio.Event) -> None:
        """Wait until a job is due or changed, half a minute has passed, or it ends."""
        left_s = _EVERY_S
        while self._of_now is not None and left_s > _CHANGES_EVERY_S:
            if await self._slept(_CHANGES_EVERY_S, woken, stop) or await self._refreshed():
                return
            left_s -= _CHANGES_EVERY_S
        await self._slept(left_s, woken, stop)

    async def _slept(self, seconds: float, woken: asyncio.Event, stop: asyncio.Event) -> bool:
        """Wait so long; True = woken or ended before."""
        sleeping = asyncio.create_task(self._clock.sleep(seconds, stop))
        waking = asyncio.create_task(woken.wait())
        try:
            await asyncio.wait((sleeping, waking), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (sleeping, waking):
                task.cancel()
            await asyncio.gather(sleeping, waking, return_exceptions=True)
        early = woken.is_set() or stop.is_set()
        woken.clear()
        return early
