"""How often a keeper looks: by itself each period, sooner when woken, never without a rest."""

import asyncio
import time

import pytest

from streamer.alarm import REST_S, Alarm
from streamer.clock import SystemClock
from tests.fakes.clock import FakeClock


@pytest.mark.parametrize(("took_s", "rests_s"), [(0.0, REST_S), (0.4, 0.4), (90.0, 1.0)])
async def test_it_rests_as_long_as_a_look_takes(took_s: float, rests_s: float) -> None:
    clock = FakeClock()
    alarm, began = Alarm(clock, 1.0), clock.monotonic()
    alarm.wake()
    assert not await alarm.wait(took_s, asyncio.Event())
    assert clock.monotonic() - began == pytest.approx(rests_s)


async def test_it_rings_by_itself() -> None:
    clock = FakeClock()
    alarm, began = Alarm(clock, 1.0), clock.monotonic()
    assert not await alarm.wait(0.0, asyncio.Event())
    assert clock.monotonic() - began == pytest.approx(1.0)


async def test_a_thousand_calls_ring_once() -> None:
    clock = FakeClock()
    alarm = Alarm(clock, 1.0)
    for _ in range(1000):
        alarm.wake()
    await alarm.wait(0.0, asyncio.Event())
    before = clock.monotonic()
    await alarm.wait(0.0, asyncio.Event())
    assert clock.monotonic() - before == pytest.approx(1.0)


async def test_a_call_or_the_end_cuts_the_wait_short() -> None:
    # An hour that would be waited for in earnest.
    for act in ("wake", "stop"):
        alarm, stop = Alarm(SystemClock(), 3600.0), asyncio.Event()
        waiting = asyncio.create_task(alarm.wait(0.0, stop))
        await asyncio.sleep(0.01)
        if act == "wake":
            alarm.wake()
        else:
            stop.set()
        began = time.monotonic()
        assert await waiting is (act == "stop")
        assert time.monotonic() - began < 60
