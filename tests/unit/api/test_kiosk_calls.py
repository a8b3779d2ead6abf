"""Somebody at a kiosk asks for a person."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from streamer.api.kiosk_calls import KioskCalls
from streamer.domain.actor import Actor
from streamer.domain.device import DeviceKind, PairedDevice
from tests.fakes.clock import FakeClock

ONE = PairedDevice("kiosk-1", DeviceKind.KIOSK, "main")
TWO = PairedDevice("kiosk-2", DeviceKind.KIOSK, "north")
AIGUL = Actor("aigul")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(datetime(2026, 11, 23, 9, tzinfo=UTC))


def test_pressing_again_and_again_is_one_call(clock: FakeClock) -> None:
    calls = KioskCalls(clock)
    first = calls.call(ONE, "help")
    assert calls.call(ONE, "help") == first
    assert calls.call(ONE, "dispute").call_id == first.call_id
    assert [one.why for one in calls.waiting()] == ["dispute"]
    clock.advance(1)
    calls.call(TWO, "help")
    assert [one.device_id for one in calls.waiting()] == ["kiosk-1", "kiosk-2"]


def test_who_goes_there_is_seen_at_the_kiosk(clock: FakeClock) -> None:
    calls = KioskCalls(clock)
    call = calls.call(ONE, "help")
    taken = calls.take(call.call_id, AIGUL)
    assert taken is not None
    assert taken.taken
    assert calls.waiting() == []
    assert calls.of_device(ONE) == taken
    assert calls.take(call.call_id, AIGUL) == taken
    # The next one who stands there calls anew.
    assert calls.call(ONE, "help").call_id != call.call_id
    assert calls.take(uuid4(), AIGUL) is None


def test_nobody_is_called_for_ever(clock: FakeClock) -> None:
    calls = KioskCalls(clock)
    call = calls.call(ONE, "help")
    clock.advance(15 * 60)
    assert calls.waiting() == []
    assert calls.of_device(ONE) is None
    assert calls.take(call.call_id, AIGUL) is None
    taken = calls.take(calls.call(TWO, "help").call_id, AIGUL)
    assert taken is not None
    clock.advance(60)
    assert calls.of_device(TWO) is None
