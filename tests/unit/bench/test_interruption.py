import asyncio
import signal
from collections.abc import Iterator

import pytest

from streamer.bench.interruption import InterruptedBenchmarkError, uninterrupted


@pytest.fixture(autouse=True)
def _signals() -> Iterator[None]:
    """The loop leaves a signal's default behind, whatever there was before."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.getsignal(number) for number in numbers}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGHUP, 129), (signal.SIGINT, 130), (signal.SIGTERM, 143)]
)
def test_a_signal_ends_the_work_and_lets_it_clear_up(number: signal.Signals, code: int) -> None:
    cleared = []

    async def work() -> None:
        try:
            signal.raise_signal(number)
            await asyncio.sleep(30)
        finally:
            signal.raise_signal(number)
            await asyncio.sleep(0.05)
            cleared.append(True)

    with pytest.raises(InterruptedBenchmarkError, match="interrupted") as caught:
        asyncio.run(uninterrupted(work()))
    assert caught.value.exit_code == code
    assert cleared


def test_a_closed_terminal_does_not_end_what_runs_under_nohup() -> None:
    async def work() -> str:
        signal.raise_signal(signal.SIGHUP)
        await asyncio.sleep(0.05)
        return "done"

    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    assert asyncio.run(uninterrupted(work())) == "done"


def test_work_that_is_left_alone_gives_its_result() -> None:
    async def work() -> int:
        return 7

    assert asyncio.run(uninterrupted(work())) == 7
