"""Making a report in the background: one at a time, ended with the service, its fault told."""

import asyncio
from collections.abc import Callable
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest

from streamer.api.reports import ApiReports
from streamer.backend import Backend
from streamer.domain.actor import Actor
from streamer.domain.report.period import Period
from streamer.domain.report.revision import Revision
from streamer.errors import DatabaseError, InputError, KirdiError
from streamer.reporting.runs import ReportRuns
from streamer.web.report_ports import MakingState
from tests.fakes.clock import FakeClock
from tests.fakes.made_report import made_report

NINA = Actor("nina")
PERIOD = Period.of(date(2026, 3, 2), date(2026, 3, 8))


class Runs:
    """Makes a report of a week; stands still at `wait`, or fails."""

    def __init__(self, fault: Exception | None = None) -> None:
        self.wait = asyncio.Event()
        self.undone = False
        self._fault = fault

    async def make(
        self, period: Period, by: Actor, progress: Callable[[int, int], None]
    ) -> Revision:
        try:
            progress(3, period.days)
            await self.wait.wait()
        except asyncio.CancelledError:
            self.undone = True
            raise
        if self._fault is not None:
            raise self._fault
        return made_report()[0]


def api_of(runs: Runs, stop: asyncio.Event | None = None) -> ApiReports:
    site = SimpleNamespace(zone=ZoneInfo("Asia/Almaty"), time_zone="Asia/Almaty")
    secrets = SimpleNamespace(derive=lambda name: b"k" * 32)
    backend: Any = SimpleNamespace(
        settings=SimpleNamespace(site=site),
        clock=FakeClock(datetime(2026, 3, 9, 4, tzinfo=UTC)),
        database=SimpleNamespace(secrets=secrets),
    )
    return ApiReports(cast(Backend, backend), cast(ReportRuns, runs), stop)


async def until(true: Callable[[], bool]) -> None:
    """Let the making go on; a making that never gets there fails the test."""
    for _ in range(1_000):
        if true():
            return
        await asyncio.sleep(0)
    pytest.fail("the making goes no further")


async def ended(api: ApiReports) -> None:
    await until(lambda: api.making.state is not MakingState.RUNNING)


async def test_one_is_made_at_a_time_and_tells_how_far_it_is() -> None:
    runs = Runs()
    api = api_of(runs)
    assert api.making.state is MakingState.NONE
    await api.make(PERIOD, NINA)
    await until(lambda: api.making.done > 0)
    assert (api.making.done, api.making.days) == (3, 7)
    with pytest.raises(KirdiError, match="another report is being made"):
        await api.make(PERIOD, NINA)
    runs.wait.set()
    await ended(api)
    assert (api.making.state, api.making.number, api.making.done) == (MakingState.DONE, 2, 7)
    await api.make(PERIOD, NINA)


async def test_days_that_have_not_come_are_refused_at_once() -> None:
    api = api_of(Runs())
    with pytest.raises(InputError, match="future"):
        await api.make(Period.of(date(2026, 3, 10), date(2026, 3, 10)), NINA)
    assert api.making.state is MakingState.NONE


async def test_a_service_that_stops_leaves_nothing_half() -> None:
    runs, stop = Runs(), asyncio.Event()
    api = api_of(runs, stop)
    await api.make(PERIOD, NINA)
    await until(lambda: api.making.done > 0)
    stop.set()
    await ended(api)
    assert runs.undone
    assert api.making.error == "the service is stopping; nothing was kept"


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (DatabaseError("the database does not answer"), "the database does not answer"),
        (ValueError("of P-17"), "a fault of the service; its log tells more"),
    ],
)
async def test_why_none_was_made_is_told_and_another_can_be(fault: Exception, told: str) -> None:
    runs = Runs(fault)
    api = api_of(runs)
    runs.wait.set()
    await api.make(PERIOD, NINA)
    await ended(api)
    assert (api.making.state, api.making.error) == (MakingState.FAILED, told)
    await api.make(PERIOD, NINA)
