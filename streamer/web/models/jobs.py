"""Jobs: what is done at times of the day, and how it ended."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from streamer.web.models.base import Answer, Sent

Period = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}-[0-9]{2}(-[0-9]{2})?$")]


class JobRun(Answer):
    """One period of a job."""

    job: str
    period: str = Field(examples=["2026-11-30"])
    due_at: datetime
    state: Literal["running", "waiting", "done", "failed"] = Field(
        description="waiting = to be tried again; failed = given up"
    )
    attempts: int
    started_at: datetime
    ended_at: datetime | None
    next_try_at: datetime | None
    outcome: dict[str, str | int | float | bool | None] | None = Field(
        description="figures and opaque ids; null = none yet"
    )
    error: str | None = Field(description="of the last attempt that failed")


class Job(Answer):
    """A job."""

    job: str
    cron: str = Field(description="when it is due, in the site's time", examples=["30 3 * * *"])
    next_due_at: datetime | None
    asked_for: str | None = Field(description="a period that somebody asked for; null = none")
    last: JobRun | None = Field(description="its newest run; null = it never ran")


class RunWanted(Sent):
    """A period to be done now."""

    period: Period | None = Field(None, description="left out = the latest that was due")
    again: bool = Field(False, description="also one that is done or was given up")


class JobAsked(Answer):
    """It is done within half a minute, unless it is done or being done: see its runs."""

    job: str
    period: str
