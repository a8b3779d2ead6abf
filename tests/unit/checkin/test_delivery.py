"""An accepted check-in is written once, whatever fails in between."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from streamer.checkin.delivery import CheckInDelivery
from streamer.domain.check_in import CheckIn, EvidenceGrade, Method, Recorded
from streamer.errors import DatabaseError, InputError
from tests.fakes.clock import FakeClock


def check_in(appointment: UUID | None = None) -> CheckIn:
    return CheckIn(
        uuid4(),
        "site",
        appointment or uuid4(),
        uuid4(),
        Method.FACE,
        EvidenceGrade.FACE,
        datetime(2026, 11, 23, 5, 0, tzinfo=UTC),
        "lobby-1",
        0.8,
        0.67,
        "open-1",
    )


class MemorySpool:
    def __init__(self, *left: CheckIn) -> None:
        self.items = {one.event_id: one for one in left}
        self.full = False

    def put(self, check_in: CheckIn) -> None:
        if self.full:
            raise InputError("spool: disk full; make room")
        self.items[check_in.event_id] = check_in

    def remove(self, event_id: UUID) -> None:
        if self.full:
            raise InputError("spool: disk full; make room")
        self.items.pop(event_id, None)

    def pending(self) -> Sequence[CheckIn]:
        return list(self.items.values())


class FailingWriter:
    """Refuses so many times, then writes."""

    def __init__(self, spool: MemorySpool, refusals: int = 0) -> None:
        self.refusals = refusals
        self.written: list[UUID] = []
        self.spool = spool
        self.done = asyncio.Event()

    async def record(self, check_in: CheckIn) -> Recorded:
        assert check_in.event_id in self.spool.items, "written before it was durable"
        if self.refusals:
            self.refusals -= 1
            raise DatabaseError("database: away")
        self.written.append(check_in.event_id)
        self.done.set()
        return Recorded.WRITTEN


async def run_until_written(delivery: CheckInDelivery, writer: FailingWriter) -> None:
    stop = asyncio.Event()
    task = asyncio.create_task(delivery.run(stop))
    await asyncio.wait_for(writer.done.wait(), 5)
    stop.set()
    await asyncio.wait_for(task, 5)


async def test_the_database_comes_back() -> None:
    spool = MemorySpool()
    writer = FailingWriter(spool, refusals=7)
    delivery = CheckInDelivery(writer, spool, FakeClock())
    one = check_in()
    assert await delivery.accept(one)
    await run_until_written(delivery, writer)
    assert writer.written == [one.event_id]
    assert spool.items == {}


async def test_a_crash_leaves_it_for_the_next_start() -> None:
    left = check_in()
    spool = MemorySpool(left)
    writer = FailingWriter(spool)
    await run_until_written(CheckInDelivery(writer, spool, FakeClock()), writer)
    assert writer.written == [left.event_id]
    assert spool.items == {}


async def test_the_same_appointment_waits_only_once() -> None:
    spool = MemorySpool()
    delivery = CheckInDelivery(FailingWriter(spool), spool, FakeClock())
    appointment = uuid4()
    assert await delivery.accept(check_in(appointment))
    assert not await delivery.accept(check_in(appointment))
    assert len(spool.items) == 1


async def test_what_cannot_be_made_durable_is_not_accepted() -> None:
    spool = MemorySpool()
    spool.full = True
    delivery = CheckInDelivery(FailingWriter(spool), spool, FakeClock())
    one = check_in()
    with pytest.raises(InputError, match="disk full"):
        await delivery.accept(one)
    spool.full = False
    assert await delivery.accept(one)


async def test_stopping_while_the_database_is_away_keeps_it_in_the_spool() -> None:
    spool = MemorySpool()
    writer = FailingWriter(spool, refusals=10**6)
    delivery = CheckInDelivery(writer, spool, FakeClock())
    await delivery.accept(check_in())
    stop = asyncio.Event()
    task = asyncio.create_task(delivery.run(stop))
    await asyncio.sleep(0.05)
    stop.set()
    await asyncio.wait_for(task, 5)
    assert len(spool.items) == 1


async def test_a_spool_that_cannot_forget_does_not_end_the_service() -> None:
    spool = MemorySpool()
    writer = FailingWriter(spool)
    delivery = CheckInDelivery(writer, spool, FakeClock())
    await delivery.accept(check_in())
    spool.full = True
    await run_until_written(delivery, writer)
    assert len(spool.items) == 1


async def test_one_that_cannot_be_written_does_not_hold_up_the_others() -> None:
    spool = MemorySpool()
    stuck, free = check_in(), check_in()

    class Locked(FailingWriter):
        async def record(self, check_in: CheckIn) -> Recorded:
            if check_in.event_id == stuck.event_id:
                raise DatabaseError("database: row locked")
            return await super().record(check_in)

    writer = Locked(spool)
    delivery = CheckInDelivery(writer, spool, FakeClock())
    await delivery.accept(stuck)
    await delivery.accept(free)
    await run_until_written(delivery, writer)
    assert set(spool.items) == {stuck.event_id}
