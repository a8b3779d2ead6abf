"""The jobs of the running service, for `web.installation.Jobs`."""

import json
from collections.abc import Sequence

from streamer.domain import job_run as domain
from streamer.domain.actor import Actor
from streamer.jobs.job_scheduler import JobScheduler
from streamer.storage.audit_log import AuditLog
from streamer.storage.job_runs import PostgresJobRuns
from streamer.web.models.jobs import Job, JobAsked, JobRun


class ApiJobs:
    """Of one site."""

    def __init__(self, scheduler: JobScheduler, ledger: PostgresJobRuns, audit: AuditLog) -> None:
        """Keep the collaborators; `scheduler` is the one that runs."""
        self._scheduler = scheduler
        self._ledger = ledger
        self._audit = audit

    async def jobs(self) -> Sequence[Job]:
        """All of them; raises DatabaseError."""
        found: list[Job] = []
        for one in self._scheduler.jobs:
            newest = await self._ledger.runs(one.name, 1)
            found.append(
                Job(
                    job=one.name,
                    cron=one.cron,
                    next_due_at=self._scheduler.next_due(one.name),
                    asked_for=self._scheduler.asked(one.name),
                    last=shown_run(newest[0]) if newest else None,
                )
            )
        return found

    async def runs(self, job: str | None, limit: int) -> Sequence[JobRun]:
        """The newest first; raises DatabaseError."""
        return [shown_run(one) for one in await self._ledger.runs(job, limit)]

    async def ask(self, job: str, period: str | None, again: bool, by: Actor) -> JobAsked:
        """Have one done soon; who asked is in the audit before it is.

        Raises:
            InputError: There is no such job, or nothing of it was due yet.
            KirdiError: Another period of it was asked for just now.
            DatabaseError: It is not on record, and not done.
        """
        wanted = self._scheduler.due(job, period)
        await self._audit.record_job(job, wanted, again, by)
        return JobAsked(job=job, period=self._scheduler.ask(job, wanted, again=again))


def shown_run(run: domain.JobRun) -> JobRun:
    """Make what is shown of it."""
    outcome = None if run.outcome is None else json.loads(run.outcome)
    fields = {name: getattr(run, name) for name in JobRun.model_fields if name != "outcome"}
    return JobRun.model_validate(fields | {"outcome": outcome})
