import asyncio
import threading
from collections.abc import AsyncIterator, Sequence

import pytest

from matcher.batcher import Batcher
from matcher.errors import MatcherClosedError, MatcherError


class Machine:
    """A blocking function to batch for: doubles numbers, and can be held, told to fail."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.threads: set[str] = set()
        self.begun = threading.Event()
        self.go = threading.Event()
        self.go.set()
        self.poison: set[int] = set()

    def __call__(self, items: Sequence[int]) -> Sequence[int]:
        self.batches.append(list(items))
        self.threads.add(threading.current_thread().name)
        self.begun.set()
        assert self.go.wait(20)
        if self.poison & set(items):
            raise MatcherError(f"poisoned: {items}")
        return [2 * item for item in items]

    def hold(self) -> None:
        self.begun.clear()
        self.go.clear()


@pytest.fixture
def machine() -> Machine:
    return Machine()


@pytest.fixture
async def batcher(machine: Machine) -> AsyncIterator[Batcher[int, int]]:
    made: Batcher[int, int] = Batcher(
        machine, name="test", max_batch=4, max_wait_s=0.02, queue_size=6
    )
    yield made
    machine.go.set()
    await made.close()


async def begun(machine: Machine) -> None:
    assert await asyncio.to_thread(machine.begun.wait, 10)


async def occupy(machine: Machine, batcher: Batcher[int, int]) -> asyncio.Task[int]:
    """Start one item and hold its batch in the machine."""
    machine.hold()
    task = asyncio.create_task(batcher.submit(100))
    await begun(machine)
    return task


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_items_share_batches_in_order(machine: Machine, batcher: Batcher[int, int]) -> None:
    assert await asyncio.gather(*map(batcher.submit, range(6))) == [0, 2, 4, 6, 8, 10]
    assert machine.batches == [[0, 1, 2, 3], [4, 5]]
    assert len(machine.threads) == 1


async def test_a_lone_item_does_not_wait_for_company(batcher: Batcher[int, int]) -> None:
    assert await asyncio.wait_for(batcher.submit(21), 5) == 42


async def test_a_full_batch_leaves_before_the_wait_is_over(machine: Machine) -> None:
    patient: Batcher[int, int] = Batcher(machine, name="patient", max_batch=2, max_wait_s=3600)
    both = asyncio.gather(patient.submit(1), patient.submit(2))
    assert list(await asyncio.wait_for(both, 5)) == [2, 4]
    await patient.close()


async def test_what_arrives_meanwhile_is_the_next_batch(
    machine: Machine, batcher: Batcher[int, int]
) -> None:
    first = await occupy(machine, batcher)
    rest = [asyncio.create_task(batcher.submit(i)) for i in range(3)]
    await settle()
    assert batcher.waiting == 3
    machine.go.set()
    assert await asyncio.gather(first, *rest) == [200, 0, 2, 4]
    assert machine.batches == [[100], [0, 1, 2]]


async def test_the_queue_is_bounded_and_stays_in_order(
    machine: Machine, batcher: Batcher[int, int]
) -> None:
    first = await occupy(machine, batcher)
    tasks = [asyncio.create_task(batcher.submit(i)) for i in range(50)]
    await settle()
    assert batcher.waiting == 6
    machine.go.set()
    assert await asyncio.gather(first, *tasks) == [200, *(2 * i for i in range(50))]
    assert [item for batch in machine.batches for item in batch] == [100, *range(50)]


async def test_a_cancelled_item_is_not_run_and_leaves_room(
    machine: Machine, batcher: Batcher[int, int]
) -> None:
    first = await occupy(machine, batcher)
    tasks = [asyncio.create_task(batcher.submit(i)) for i in range(7)]
    await settle()
    for index in (1, 6):  # one in the queue, one waiting for room
        tasks[index].cancel()
    await settle()
    assert batcher.waiting == 5
    machine.go.set()
    await first
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert [r for r in results if isinstance(r, int)] == [0, 4, 6, 8, 10]
    assert 1 not in {item for batch in machine.batches for item in batch}
    # Every place is free again: as many as the queue holds get in at once.
    held = await occupy(machine, batcher)
    more = [asyncio.create_task(batcher.submit(i)) for i in range(6)]
    await settle()
    assert batcher.waiting == 6
    machine.go.set()
    await asyncio.gather(held, *more)


async def test_cancelling_one_of_a_running_batch_spares_the_others(
    machine: Machine, batcher: Batcher[int, int]
) -> None:
    machine.hold()
    tasks = [asyncio.create_task(batcher.submit(i)) for i in range(4)]
    await begun(machine)
    tasks[2].cancel()
    machine.go.set()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert results[:2] == [0, 2]
    assert isinstance(results[2], asyncio.CancelledError)
    assert results[3] == 6


async def test_an_error_reaches_only_its_own_item(
    machine: Machine, batcher: Batcher[int, int]
) -> None:
    machine.poison = {2}
    results = await asyncio.gather(*map(batcher.submit, range(4)), return_exceptions=True)
    assert [r for r in results if isinstance(r, int)] == [0, 2, 6]
    assert isinstance(results[2], MatcherError)
    assert await batcher.submit(5) == 10


async def test_a_wrong_number_of_results_is_an_error_for_all() -> None:
    short: Batcher[int, int] = Batcher(
        lambda items: list(items)[1:], name="short", max_batch=4, max_wait_s=0.01
    )
    results = await asyncio.gather(short.submit(1), short.submit(2), return_exceptions=True)
    assert all(isinstance(result, MatcherError) for result in results)
    await short.close()


async def test_closing_ends_every_wait(machine: Machine, batcher: Batcher[int, int]) -> None:
    running = await occupy(machine, batcher)
    waiting = [asyncio.create_task(batcher.submit(i)) for i in range(20)]
    await settle()
    closing = asyncio.create_task(batcher.close())
    results = await asyncio.wait_for(asyncio.gather(running, *waiting, return_exceptions=True), 5)
    assert len(results) == 21
    assert all(isinstance(result, MatcherClosedError) for result in results)
    assert not closing.done()  # it waits for the thread, which is still held
    machine.go.set()
    await asyncio.wait_for(closing, 5)
    assert machine.batches == [[100]]


async def test_after_closing_nothing_is_taken(batcher: Batcher[int, int]) -> None:
    await batcher.submit(1)
    await batcher.close()
    await batcher.close()
    with pytest.raises(MatcherClosedError):
        await batcher.submit(1)


async def test_closing_before_the_first_item(batcher: Batcher[int, int]) -> None:
    await asyncio.wait_for(batcher.close(), 5)
    with pytest.raises(MatcherClosedError):
        await batcher.submit(1)


async def test_a_dead_server_task_leaves_nobody_waiting(
    machine: Machine, batcher: Batcher[int, int]
) -> None:
    first = await occupy(machine, batcher)
    later = asyncio.create_task(batcher.submit(1))
    await settle()
    (server,) = [t for t in asyncio.all_tasks() if t.get_name() == "test-batcher"]
    server.cancel()
    results = await asyncio.wait_for(asyncio.gather(first, later, return_exceptions=True), 5)
    assert all(isinstance(result, MatcherClosedError) for result in results)
    with pytest.raises(MatcherClosedError):
        await batcher.submit(2)


@pytest.mark.parametrize(("batch", "wait", "queue"), [(0, 0.1, 1), (1, -1.0, 1), (1, 0.1, 0)])
def test_refuses_senseless_bounds(machine: Machine, batch: int, wait: float, queue: int) -> None:
    with pytest.raises(ValueError, match="or more"):
        Batcher(machine, name="x", max_batch=batch, max_wait_s=wait, queue_size=queue)


async def test_sources_take_turns(machine: Machine, batcher: Batcher[int, int]) -> None:
    first = await occupy(machine, batcher)
    crowd = [asyncio.create_task(batcher.submit(i, "crowd")) for i in range(40)]
    await settle()
    single = asyncio.create_task(batcher.submit(50, "single"))
    pair = [asyncio.create_task(batcher.submit(60 + i, "pair")) for i in range(2)]
    await settle()
    machine.go.set()
    await asyncio.gather(first, single, *pair, *crowd)
    assert machine.batches[1:3] == [[0, 50, 60, 1], [61, 2, 3, 4]]
    assert [i for batch in machine.batches for i in batch if i < 40] == list(range(40))


async def test_turns_go_on_over_batches(machine: Machine, batcher: Batcher[int, int]) -> None:
    """With more sources than places in a batch nobody is served twice before all are once."""
    first = await occupy(machine, batcher)
    tasks = [
        asyncio.create_task(batcher.submit(10 * source + i, source))
        for source in range(6)
        for i in range(2)
    ]
    await settle()
    machine.go.set()
    await asyncio.gather(first, *tasks)
    served = [i // 10 for batch in machine.batches[1:] for i in batch]
    assert served == [0, 1, 2, 3, 4, 5] * 2


async def test_a_full_source_leaves_room_for_others(
    machine: Machine, batcher: Batcher[int, int]
) -> None:
    first = await occupy(machine, batcher)
    tasks = [asyncio.create_task(batcher.submit(i, "crowd")) for i in range(30)]
    other = asyncio.create_task(batcher.submit(70, "other"))
    await settle()
    assert batcher.waiting == 7
    for task in tasks:
        task.cancel()
    await settle()
    assert batcher.waiting == 1
    machine.go.set()
    assert list(await asyncio.gather(first, other)) == [200, 140]
    assert machine.batches == [[100], [70]]


async def test_nothing_is_kept_of_sources_that_are_done(batcher: Batcher[int, int]) -> None:
    await asyncio.gather(*(batcher.submit(i, object()) for i in range(20)))
    assert batcher._lines == {}
