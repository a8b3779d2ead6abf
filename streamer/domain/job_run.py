"""What the ledger of jobs knows: a row as people see it, and what a runner is told."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

Outcome: TypeAlias = Mapping[str, str | int | float | bool | None]
"""How a run ended: figures and opaque ids by name."""


@dataclass(frozen=True, slots=True)
class JobClaim:
    """A period that is ours to run.

    Attributes:
        owner: Made anew for each claim: who lost the lease can write nothing any more.
        attempt: 1 is the first.
    """

    job: str
    period: str
    due_at: datetime
    owner: UUID
    attempt: int


@dataclass(frozen=True, slots=True)
class KnownRuns:
    """What the ledger says about a job.

    Attributes:
        periods: Of those asked for, the ones that have a row, whatever its state.
        first_due_at: When the oldest one of all was due; None = the job never ran.
        open: Periods that may be claimed now, with when they were due: to be tried again, or left
            by a killed service.
    """

    periods: frozenset[str]
    first_due_at: datetime | None
    open: tuple[tuple[str, datetime], ...]


@dataclass(frozen=True, slots=True)
class JobRun:
    """One period of a job. Times are aware.

    Attributes:
        state: running, waiting (to be tried again), done, or failed (given up).
        lease_until: Until when a running one counts as alive without a sign of life.
        outcome: JSON; None = none yet.
        error: Of the last attempt that failed; without secrets and names.
    """

    job: str
    period: str
    due_at: datetime
    state: str
    attempts: int
    started_at: datetime
    ended_at: datetime | None
    next_try_at: datetime | None
    lease_until: datetime | None
    outcome: str | None
    error: str | None
