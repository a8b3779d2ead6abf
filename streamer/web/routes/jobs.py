"""`/jobs`: what is done at times of the day, when, and how it ended."""

from http import HTTPStatus
from typing import Annotated

from fastapi import Query, Response

from streamer.web.clinic import Clinic
from streamer.web.documented import PROBLEMS, WRITE
from streamer.web.fields import Named
from streamer.web.models.base import Listed
from streamer.web.models.jobs import Job, JobAsked, JobRun, RunWanted
from streamer.web.once import Once
from streamer.web.paging import MOST, PageAsked
from streamer.web.permissions import Permission
from streamer.web.principal import Principal
from streamer.web.problem import not_found
from streamer.web.require import require
from streamer.web.router import router

jobs = router("/jobs", "installation")

Reader = Annotated[Principal, require(Permission.JOBS_READ)]


@jobs.get("", responses=PROBLEMS)
async def list_jobs(_principal: Reader, clinic: Clinic, paging: PageAsked) -> Listed[Job]:
    """List the jobs: when each is due, and how it ended last."""
    return paging.part_of(list(await clinic.installation.jobs.jobs()))


@jobs.get("/runs", responses=PROBLEMS)
async def list_job_runs(
    _principal: Reader,
    clinic: Clinic,
    job: Annotated[Named | None, Query(description="only this one")] = None,
    limit: Annotated[int, Query(ge=1, le=MOST, description="at most so many")] = 50,
) -> Listed[JobRun]:
    """List the newest runs: what was done, what failed and is tried again, what was given up."""
    return Listed(items=list(await clinic.installation.jobs.runs(job, limit)))


@jobs.post("/{job}/runs", status_code=HTTPStatus.ACCEPTED, response_model=JobAsked, responses=WRITE)
async def run_job(
    principal: Annotated[Principal, require(Permission.JOBS_RUN)],
    clinic: Clinic,
    once: Once,
    job: Named,
    sent: RunWanted,
) -> Response:
    """Have a job's period done now, unless it is done, or somebody is at it.

    The answer does not wait for it: `GET /jobs/runs` says how it went. Who asked is in the audit.
    """
    known = {one.job for one in await clinic.installation.jobs.jobs()}
    if job not in known:
        raise not_found("job")

    async def ask() -> JobAsked:
        return await clinic.installation.jobs.ask(job, sent.period, sent.again, principal.actor)

    return await once(ask, HTTPStatus.ACCEPTED)
