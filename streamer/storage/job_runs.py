"""The ledger of jobs in PostgreSQL: which periods ran, who has one, how they ended.

Fulfils `jobs.ledger.Ledger`. Leases and waits are measured by the database's clock alone, so that
services whose clocks differ, or are set, agree.
"""

import json
from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import uuid4

from streamer.domain.job_run import JobClaim, JobRun, KnownRuns, Outcome
from streamer.storage.postgres import Postgres
from streamer.storage.queries import sql


class PostgresJobRuns:
    """The ledger of one site; every method raises DatabaseError."""

    def __init__(self, postgres: Postgres, site_id: str) -> None:
        """Keep the collaborators."""
        self._postgres = postgres
        self._site_id = site_id

    async def known(self, job: str, periods: Collection[str]) -> KnownRuns:
        """See `Ledger`."""
        where = (self._site_id, job)
        async with self._postgres.connection() as connection:
            found = await connection.fetch(sql("known_job_runs"), *where, list(periods))
            first = await connection.fetchval(sql("first_job_run"), *where)
            left = await connection.fetch(sql("open_job_runs"), *where)
        return KnownRuns(
            frozenset(row["period"] for row in found),
            first,
            tuple((row["period"], row["due_at"]) for row in left),
        )

    async def claim(
        self, job: str, period: str, due_at: datetime, lease: timedelta, *, again: bool = False
    ) -> JobClaim | None:
        """See `Ledger`."""
        owner = uuid4()
        async with self._postgres.connection() as connection:
            attempt = await connection.fetchval(
                sql("claim_job_run"), self._site_id, job, period, due_at, owner, lease, again
            )
        return None if attempt is None else JobClaim(job, period, due_at, owner, attempt)

    async def keep(self, claim: JobClaim, lease: timedelta) -> bool:
        """See `Ledger`."""
        return await self._write("keep_job_run", claim, lease)

    async def done(self, claim: JobClaim, outcome: Outcome) -> bool:
        """See `Ledger`."""
        said = json.dumps(dict(outcome), ensure_ascii=False, sort_keys=True)
        return await self._write("end_job_run", claim, "done", said, None, None)

    async def failed(self, claim: JobClaim, error: str, again_in: timedelta | None) -> bool:
        """See `Ledger`."""
        state = "failed" if again_in is None else "waiting"
        return await self._write("end_job_run", claim, state, None, error, again_in)

    async def give_back(self, claim: JobClaim) -> bool:
        """See `Ledger`."""
        return await self._write("give_back_job_run", claim)

    async def runs(self, job: str | None, limit: int) -> list[JobRun]:
        """See `Ledger`."""
        async with self._postgres.connection() as connection:
            rows = await connection.fetch(sql("list_job_runs"), self._site_id, job, limit)
        return [JobRun(**dict(row)) for row in rows]

    async def site_since(self) -> datetime | None:
        """Since when the site has been there, by the oldest event of its audit; None = no event."""
        async with self._postgres.connection() as connection:
            found: datetime | None = await connection.fetchval(
                sql("oldest_audit_event_at"), self._site_id
            )
        return found

    async def _write(self, statement: str, claim: JobClaim, *values: object) -> bool:
        async with self._postgres.connection() as connection:
            written = await connection.fetchval(
                sql(statement), self._site_id, claim.job, claim.period, claim.owner, *values
            )
        return written is not None
