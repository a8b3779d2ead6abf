"""Is a job done as often as it should be? Told by `kirdi health` and the API's notices. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from streamer.domain.job_run import JobRun
from streamer.jobs.site_times import SiteTimes

MOST_MISSED: Final = 2
"""So many periods may be missed: a job that has failed may be well again the next day."""

# What has just become due is being done.
_GRACE: Final = timedelta(hours=2)
# No job's runs are looked at further back.
_FURTHEST: Final = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class JobHealth:
    """What is to be known of a job.

    Attributes:
        notices: A line each, for people.
        overdue: What is wrong with it, where it was missed too often; None where it wasn't.
    """

    notices: tuple[str, ...] = ()
    overdue: str | None = None


def judge(
    name: str,
    times: SiteTimes,
    runs: Sequence[JobRun],
    now: datetime,
    *,
    why: bool = True,
    since: datetime | None = None,
) -> JobHealth:
    """Judge a job by its newest runs.

    Args:
        name: The job's.
        times: When it is due.
        runs: The newest ones, in any order.
        now: Aware.
        why: With the errors of its runs, which may name servers and files.
        since: Since when the site has been there; None = a job that never ran is not judged.
    """
    if not runs:
        return _never_ran(name, times, now, since)
    ordered = sorted(runs, key=lambda one: one.due_at)
    newest = ordered[-1]
    done = [one for one in ordered if one.state == "done"]
    # The first one was due, too.
    since = done[-1].due_at if done else ordered[0].due_at - timedelta(seconds=1)
    missed = times.between(max(since, now - _FURTHEST), now - _GRACE)
    told = _told(name, newest, why)
    last = f"last done for {done[-1].period}" if done else "never done"
    overdue = f"job {name}: {last}, due {_times(len(missed))} since"
    if len(missed) <= MOST_MISSED or newest.state == "running":
        if told is None and missed and newest.state != "running":
            told = f"{overdue}; it is late"
        return JobHealth(() if told is None else (told,))
    if told is None:
        # Nobody even began it.
        told = "does the service run at those times?"
    return JobHealth((), f"{overdue}; {told}")


def _never_ran(name: str, times: SiteTimes, now: datetime, since: datetime | None) -> JobHealth:
    if since is None:
        return JobHealth()
    missed = times.between(max(since, now - _FURTHEST), now - _GRACE)
    if not missed:
        return JobHealth()
    said = f"job {name}: never ran, due {_times(len(missed))}; does the service run at those times?"
    return JobHealth((said,)) if len(missed) <= MOST_MISSED else JobHealth((), said)


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _told(name: str, run: JobRun, why: bool) -> str | None:
    reason = f" ({run.error})" if why else ""
    if run.state == "failed":
        return (
            f"job {name}, period {run.period}: given up{reason}; when what is wrong is mended, run "
            "it again"
        )
    if run.state == "waiting" and run.attempts:
        return (
            f"job {name}, period {run.period}: failed {run.attempts} times{reason}; it is "
            "tried again by itself"
        )
    return None
