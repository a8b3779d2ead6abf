"""Runs one period of a job, if it can be had: lease, sign of life, time limit, outcome.

Used by `JobScheduler` and by `kirdi jobs run`.
"""

import asyncio
import contextlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import structlog

from streamer.clock import Clock
from streamer.domain.job_run import JobClaim, Outcome
from streamer.errors import DatabaseError, KirdiError
from streamer.jobs.job import Assignment, Job
from streamer.jobs.ledger import Ledger

log = structlog.get_logger(__name__)

LEASE: Final = timedelta(minutes=2)
_SIGN_OF_LIFE_S: Final = 20.0
_END_S: Final = 10.0
# After the first failure, the second, and so on; the last one repeats.
_BACK_OFF: Final = tuple(timedelta(minutes=one) for one in (1, 5, 15, 60))


class Ending(StrEnum):
    """How a run ended."""

    DONE = "done"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    NOT_OURS = "not ours"


@dataclass(frozen=True, slots=True)
class Ended:
    """What came of trying to run a period."""

    ending: Ending
    outcome: Outcome | None = None
    error: str = ""


def back_off(attempt: int) -> timedelta:
    """How long to wait after the given attempt (1 is the first) has failed."""
    return _BACK_OFF[min(attempt, len(_BACK_OFF)) - 1]


class JobRunner:
    """Runs periods one at a time; two runners at once, in one process or several, do no harm."""

    def __init__(self, ledger: Ledger, clock: Clock, lease: timedelta = LEASE) -> None:
        """Keep the collaborators."""
        self._ledger = ledger
        self._clock = clock
        self._lease = lease
        self._sign_s = min(_SIGN_OF_LIFE_S, lease.total_seconds() / 4)

    async def run(
        self, job: Job, period: str, due_at: datetime, stop: asyncio.Event, *, again: bool = False
    ) -> Ended:
        """Claim a period and do it.

        Args:
            job: What.
            period: Which one.
            due_at: When it was due, aware.
            stop: Ends the run: the work is told, then cancelled; the period is given back.
            again: Also one that is done or was given up.

        Raises:
            DatabaseError: The ledger is away. What was begun is taken over after its lease.
        """
        claim = await self._ledger.claim(job.name, period, due_at, self._lease, again=again)
        if claim is None:
            return Ended(Ending.NOT_OURS)
        if claim.attempt > job.most_attempts and not again:
            # Whoever had it was killed each time: this is no work to go on with by itself.
            error = f"was left unfinished {claim.attempt - 1} times"
            await self._ledger.failed(claim, error, None)
            log.error("job given up", job=job.name, period=period, reason=error)
            return Ended(Ending.FAILED, error=error)
        log.info("job started", job=job.name, period=period, attempt=claim.attempt)
        return await self._watched(job, claim, stop)

    async def _watched(self, job: Job, claim: JobClaim, stop: asyncio.Event) -> Ended:
        work_stop, lost = asyncio.Event(), asyncio.Event()
        work = asyncio.ensure_future(job.work(Assignment(claim.period, claim.due_at, work_stop)))
        alive = asyncio.create_task(self._keep(claim, lost))
        stopped = asyncio.create_task(stop.wait())
        gone = asyncio.create_task(lost.wait())
        try:
            await asyncio.wait(
                (work, stopped, gone),
                timeout=job.timeout_s,
                return_when=asyncio.FIRST_COMPLETED,
            )
            in_time = work.done() or stopped.done() or gone.done()
            if not work.done():
                work_stop.set()
                # Time for a batch that is being written; not after the lease is somebody else's.
                await asyncio.wait((work,), timeout=0 if lost.is_set() else _END_S)
                work.cancel()
                await asyncio.wait((work,), timeout=_END_S)
        finally:
            for task in (alive, stopped, gone, work):
                task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await alive
        if lost.is_set():
            log.error("job lost", job=job.name, period=claim.period, reason="its lease ran out")
            return Ended(Ending.NOT_OURS)
        if not in_time:
            return await self._fail(job, claim, f"took longer than {job.timeout_s:.0f} s")
        return await self._end(job, claim, work, interrupted=work_stop.is_set())

    async def _end(
        self, job: Job, claim: JobClaim, work: "asyncio.Future[Outcome]", *, interrupted: bool
    ) -> Ended:
        if not work.done() or work.cancelled():
            await self._ledger.give_back(claim)
            log.info("job interrupted", job=job.name, period=claim.period)
            return Ended(Ending.INTERRUPTED)
        error = work.exception()
        if error is None and interrupted:
            await self._ledger.give_back(claim)
            log.info("job interrupted", job=job.name, period=claim.period)
            return Ended(Ending.INTERRUPTED, work.result())
        if error is None:
            if not await self._ledger.done(claim, work.result()):
                return Ended(Ending.NOT_OURS)
            log.info("job done", job=job.name, period=claim.period, outcome=dict(work.result()))
            return Ended(Ending.DONE, work.result())
        if isinstance(error, KirdiError):
            return await self._fail(job, claim, error.message)
        if not isinstance(error, Exception):
            raise error
        # A fault of ours: its text may hold anything, so only its name is kept.
        log.error("job failed", job=job.name, period=claim.period, exc_info=error)
        return await self._fail(job, claim, f"a fault of the program ({type(error).__name__})")

    async def _fail(self, job: Job, claim: JobClaim, error: str) -> Ended:
        again_in = back_off(claim.attempt) if claim.attempt < job.most_attempts else None
        if not await self._ledger.failed(claim, error, again_in):
            return Ended(Ending.NOT_OURS)
        if again_in is None:
            log.error("job given up", job=job.name, period=claim.period, reason=error)
        else:
            log.warning(
                "job failed",
                job=job.name,
                period=claim.period,
                reason=error,
                again_in_s=again_in.total_seconds(),
            )
        return Ended(Ending.FAILED, error=error)

    async def _keep(self, claim: JobClaim, lost: asyncio.Event) -> None:
        """Give signs of life; a database that is away is waited for as long as the lease is."""
        never, last = asyncio.Event(), self._clock.monotonic()
        while not await self._clock.sleep(self._sign_s, never):
            try:
                if not await self._ledger.keep(claim, self._lease):
                    break
                last = self._clock.monotonic()
            except DatabaseError:
                if self._clock.monotonic() - last >= self._lease.total_seconds() - self._sign_s:
                    break
        lost.set()
