import asyncio
from datetime import UTC, datetime

import numpy as np

from streamer.domain.frame import Frame
from streamer.ingest.mailbox import LatestFrameMailbox


class Releases:
    """Makes frames and remembers which were released."""

    def __init__(self) -> None:
        self.released: list[int] = []

    def frame(self, sequence: int) -> Frame:
        return Frame(
            camera_id="a",
            sequence=sequence,
            captured_at=datetime(2026, 1, 1, tzinfo=UTC),
            received_at=0.0,
            pts=None,
            image=np.zeros((1, 1, 3), np.uint8),
            release=lambda: self.released.append(sequence),
        )


async def test_a_newer_frame_replaces_releases_and_counts_the_older() -> None:
    made, mailbox = Releases(), LatestFrameMailbox()
    for sequence in range(3):
        mailbox.put(made.frame(sequence))
    frame = await mailbox.get()
    assert frame is not None
    assert frame.sequence == 2
    assert made.released == [0, 1]
    assert (mailbox.dropped, mailbox.taken) == (2, 1)


async def test_a_waiting_consumer_gets_the_next_frame() -> None:
    made, mailbox = Releases(), LatestFrameMailbox()
    consumer = asyncio.create_task(mailbox.get())
    await asyncio.sleep(0)
    mailbox.put(made.frame(7))
    frame = await consumer
    assert frame is not None
    assert frame.sequence == 7
    assert made.released == []


async def test_of_two_consumers_one_gets_the_frame_and_the_other_waits_on() -> None:
    made, mailbox = Releases(), LatestFrameMailbox()
    consumers = [asyncio.create_task(mailbox.get()) for _ in range(2)]
    await asyncio.sleep(0)
    mailbox.put(made.frame(1))
    done, waiting = await asyncio.wait(consumers, return_when=asyncio.FIRST_COMPLETED)
    assert (len(done), len(waiting)) == (1, 1)
    mailbox.put(made.frame(2))
    assert await asyncio.wait_for(waiting.pop(), 1) is not None


async def test_close_wakes_every_waiter_and_releases_what_is_held_and_comes() -> None:
    made, mailbox = Releases(), LatestFrameMailbox()
    consumers = [asyncio.create_task(mailbox.get()) for _ in range(3)]
    await asyncio.sleep(0)
    mailbox.close()
    assert await asyncio.gather(*consumers) == [None, None, None]
    mailbox.put(made.frame(5))
    assert made.released == [5]
    mailbox.close()
    assert await mailbox.get() is None

    other = LatestFrameMailbox()
    other.put(made.frame(6))
    other.close()
    assert made.released == [5, 6]
    assert await other.get() is None


async def test_a_cancelled_consumer_costs_no_frame() -> None:
    made, mailbox = Releases(), LatestFrameMailbox()
    consumer = asyncio.create_task(mailbox.get())
    await asyncio.sleep(0)
    consumer.cancel()
    await asyncio.gather(consumer, return_exceptions=True)
    mailbox.put(made.frame(1))
    frame = await mailbox.get()
    assert frame is not None
    assert made.released == []
