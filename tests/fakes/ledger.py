"""The ledger of jobs in memory, for one process; leases by a clock that a test moves."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from streamer.clock import Clock
from streamer.domain.job_run import JobClaim, JobRun, KnownRuns, Outcome


@dataclass
class Row:
    due_at: datetime
    state: str
    attempts: int
    owner: UUID | None
    until: datetime | None
    outcome: Outcome | None = None
    error: str = ""


class FakeLedger:
    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.rows: dict[tuple[str, str], Row] = {}

    async def known(self, job: str, periods: Collection[str]) -> KnownRuns:
        mine = {period: row for (name, period), row in self.rows.items() if name == job}
        return KnownRuns(
            frozenset(set(periods) & mine.keys()),
            min((row.due_at for row in mine.values()), default=None),
            tuple((period, row.due_at) for period, row in mine.items() if self._free(row)),
        )

    async def claim(
        self, job: str, period: str, due_at: datetime, lease: timedelta, *, again: bool = False
    ) -> JobClaim | None:
        row = self.rows.setdefault((job, period), Row(due_at, "new", 0, None, None))
        if row.state != "new" and not again and not self._free(row):
            return None
        row.attempts = 1 if row.state in ("done", "failed") else row.attempts + 1
        row.state, row.owner, row.until = "running", uuid4(), self.clock.now() + lease
        return JobClaim(job, period, due_at, row.owner, row.attempts)

    async def keep(self, claim: JobClaim, lease: timedelta) -> bool:
        row = self._mine(claim)
        if row is None:
            return False
        row.until = self.clock.now() + lease
        return True

    async def done(self, claim: JobClaim, outcome: Outcome) -> bool:
        row = self._end(claim, "done", None)
        if row is not None:
            row.outcome = outcome
        return row is not None

    async def failed(self, claim: JobClaim, error: str, again_in: timedelta | None) -> bool:
        if again_in is None:
            row = self._end(claim, "failed", None)
        else:
            row = self._end(claim, "waiting", self.clock.now() + again_in)
        if row is not None:
            row.error = error
        return row is not None

    async def give_back(self, claim: JobClaim) -> bool:
        row = self._end(claim, "waiting", self.clock.now())
        if row is not None:
            row.attempts -= 1
        return row is not None

    async def runs(self, job: str | None, limit: int) -> list[JobRun]:
        raise NotImplementedError

    def state(self, job: str, period: str) -> str:
        return self.rows[job, period].state

    def _free(self, row: Row) -> bool:
        return (
            row.state in ("running", "waiting")
            and row.until is not None
            and row.until <= self.clock.now()
        )

    def _mine(self, claim: JobClaim) -> Row | None:
        row = self.rows[claim.job, claim.period]
        return row if row.owner == claim.owner else None

    def _end(self, claim: JobClaim, state: str, until: datetime | None) -> Row | None:
        row = self._mine(claim)
        if row is not None:
            row.state, row.owner, row.until = state, None, until
        return row
