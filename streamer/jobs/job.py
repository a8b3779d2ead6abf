"""A job: what is to be done, when, and which period a time belongs to.

Made by `streamer.site_jobs`, run by `JobScheduler` and `kirdi jobs run`.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeAlias

from streamer.domain.job_run import Outcome


@dataclass(frozen=True, slots=True)
class Assignment:
    """What a job's work is handed.

    Attributes:
        period: Which one is to be done, as the job's `period` names it.
        due_at: When it was due, aware; possibly long ago.
        stop: Set when the service stops: end soon, in a state from which the next run goes on.
    """

    period: str
    due_at: datetime
    stop: asyncio.Event


Work: TypeAlias = Callable[[Assignment], Awaitable[Outcome]]


def day_period(due_local: datetime) -> str:
    """A period is a day of the site, as 2026-11-30."""
    return due_local.date().isoformat()


def month_period(due_local: datetime) -> str:
    """A period is a month of the site, as 2026-11."""
    return f"{due_local:%Y-%m}"


@dataclass(frozen=True, slots=True)
class Job:
    """One kind of work, done once for each period.

    Attributes:
        name: As the ledger and `kirdi jobs` name it.
        cron: When it is due, in the site's time; see `SiteTimes`.
        work: Does it; may be called again for the same period after a failure or a kill, so what it
            does twice must be as if done once. Its outcome holds figures and opaque ids only.
        period: From a due moment, in the site's time, to the period's name.
        catch_up: How many of the latest periods are done after a standstill; older ones are not.
        look_back: How far back missed periods are looked for.
        timeout_s: After so long a run is given up as failed.
        most_attempts: Then the period is given up until somebody runs it by hand.
    """

    name: str
    cron: str
    work: Work
    period: Callable[[datetime], str] = field(default=day_period)
    catch_up: int = 1
    look_back: timedelta = timedelta(days=8)
    timeout_s: float = 3600.0
    most_attempts: int = 5
