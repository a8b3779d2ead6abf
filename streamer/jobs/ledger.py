"""What is known of the runs of jobs. Fulfilled by `storage.job_runs`, and by a fake in tests."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Protocol

from streamer.domain.job_run import JobClaim, JobRun, KnownRuns, Outcome


class Ledger(Protocol):
    """Every method raises DatabaseError. Leases and waits are measured by the database's clock."""

    async def known(self, job: str, periods: Collection[str]) -> KnownRuns:
        """Say what was run and what waits."""
        ...

    async def claim(
        self, job: str, period: str, due_at: datetime, lease: timedelta, *, again: bool = False
    ) -> JobClaim | None:
        """Take a period, if nobody has it and it is not done.

        Args:
            job: The job's name.
            period: Which one.
            due_at: When it was due.
            lease: How long it is ours without a sign of life.
            again: Also one that is done or was given up.
        """
        ...

    async def keep(self, claim: JobClaim, lease: timedelta) -> bool:
        """Give a sign of life; False = it is not ours any more."""
        ...

    async def done(self, claim: JobClaim, outcome: Outcome) -> bool:
        """Write how it ended; False = it was not ours any more, and nothing was written."""
        ...

    async def failed(self, claim: JobClaim, error: str, again_in: timedelta | None) -> bool:
        """Write that it failed, to be tried again after a while, or (None) given up."""
        ...

    async def give_back(self, claim: JobClaim) -> bool:
        """Let go of it unfinished: whoever looks next goes on, and no attempt is counted."""
        ...

    async def runs(self, job: str | None, limit: int) -> list[JobRun]:
        """List the newest, newest first."""
        ...
