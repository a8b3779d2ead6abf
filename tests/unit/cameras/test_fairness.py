"""On a machine that is far too slow, every camera gets its share of the detector."""

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np

from matcher.batcher import Batcher
from streamer.domain.frame import Frame
from streamer.ingest.mailbox import LatestFrameMailbox


def frame(number: int) -> Frame:
    picture = np.zeros((1, 1, 3), np.uint8)
    return Frame("x", number, datetime.now(UTC), 0.0, None, picture, lambda: None)


async def test_a_camera_that_sends_ten_times_as_much_takes_nothing_from_the_others() -> None:
    def detect(items: Sequence[int]) -> Sequence[int]:
        time.sleep(0.01)
        return items

    detector = Batcher(detect, name="detector", max_batch=2, max_wait_s=0.0)
    mailboxes = [LatestFrameMailbox() for _ in range(8)]
    over = asyncio.Event()

    async def camera(index: int) -> None:
        number = 0
        while not over.is_set():
            mailboxes[index].put(frame(number := number + 1))
            await asyncio.sleep(0.001 if index == 0 else 0.01)
        mailboxes[index].close()

    async def pipeline(index: int) -> None:
        while await mailboxes[index].get() is not None:
            await detector.submit(index)

    async with asyncio.TaskGroup() as tasks:
        for index in range(8):
            tasks.create_task(camera(index))
            tasks.create_task(pipeline(index))
        await asyncio.sleep(1)
        over.set()
    await detector.close()
    taken = [mailbox.taken for mailbox in mailboxes]
    assert sum(mailbox.dropped for mailbox in mailboxes) > sum(taken)
    assert min(taken) >= 0.8 * max(taken)


async def test_overload_sheds_the_older_frame_and_looks_at_the_newest() -> None:
    """However slow the matcher is, what it looks at next is what came last."""
    mailbox = LatestFrameMailbox()
    released: list[int] = []
    looked_at: list[int] = []

    def shown(number: int) -> Frame:
        picture = np.zeros((1, 1, 3), np.uint8)
        moment = datetime.now(UTC)
        return Frame("x", number, moment, 0.0, None, picture, lambda: released.append(number))

    for burst in range(4):
        for number in range(10):
            mailbox.put(shown(10 * burst + number))
        newest = await mailbox.get()
        assert newest is not None
        looked_at.append(newest.sequence)
        newest.release()
    assert looked_at == [9, 19, 29, 39]
    assert mailbox.dropped == 36
    assert sorted(released) == list(range(40))
