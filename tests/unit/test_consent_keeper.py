"""The background task that ends consents and finishes erasures."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from structlog.testing import capture_logs

from streamer.consent_keeper import ConsentKeeper
from streamer.errors import DatabaseError
from tests.fakes.clock import FakeClock


@dataclass(frozen=True)
class Remains:
    obstacle: str | None = None


class Stores:
    """Both stores in one; counts what it is asked."""

    def __init__(self) -> None:
        self.due = self.of_age = 0
        self.destroyed: list[bool] = []
        self.obstacle: str | None = None
        self.away = False

    async def end_due(self, now: datetime) -> int:
        if self.away:
            raise DatabaseError("database kirdi at localhost: is locked")
        self.due += 1
        return 0

    async def end_of_age(self, now: datetime) -> int:
        self.of_age += 1
        return 0

    async def destroy(self, *, log_too: bool = True) -> Remains:
        self.destroyed.append(log_too)
        return Remains(self.obstacle if log_too else None)


@pytest.fixture
def stores() -> Stores:
    return Stores()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def keeper(stores: Stores, clock: FakeClock) -> ConsentKeeper:
    return ConsentKeeper(stores, stores, ZoneInfo("Asia/Almaty"), clock)


async def test_ages_are_looked_at_once_a_day_of_the_site(
    keeper: ConsentKeeper, stores: Stores, clock: FakeClock
) -> None:
    await keeper.refresh()
    clock.advance(15 * 3600 - 1)
    await keeper.refresh()
    assert (stores.due, stores.of_age) == (2, 1)
    clock.advance(1)  # midnight in Almaty
    await keeper.refresh()
    assert (stores.due, stores.of_age) == (3, 2)


async def test_a_log_that_cannot_be_cleaned_is_told_once_and_looked_at_rarely(
    keeper: ConsentKeeper, stores: Stores, clock: FakeClock
) -> None:
    stores.obstacle = "ask the administrator"
    with capture_logs() as logs:
        await keeper.refresh()
        clock.advance(10)
        await keeper.refresh()
        clock.advance(600)
        await keeper.refresh()
    assert stores.destroyed == [True, False, True]
    assert [entry["reason"] for entry in logs] == ["ask the administrator"]


async def test_a_database_that_is_away_is_waited_for(
    keeper: ConsentKeeper, stores: Stores, clock: FakeClock
) -> None:
    stores.away, stop = True, asyncio.Event()
    with capture_logs() as logs:
        task = asyncio.create_task(keeper.run(stop))
        for _ in range(20):
            await asyncio.sleep(0)
        assert not task.done()
        stores.away = False
        for _ in range(20):
            await asyncio.sleep(0)
        stop.set()
        await task
    assert stores.due > 0
    assert [entry["event"] for entry in logs] == ["erasure not complete"]
