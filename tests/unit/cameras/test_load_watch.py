"""Rates and pace from the counters of the cameras."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from streamer.cameras.load_governor import Level, LoadGovernor
from streamer.cameras.load_watch import FrameRates, LoadWatch
from streamer.domain.camera_state import CameraState, CameraStatus
from tests.fakes.clock import FakeClock


class Cameras:
    """Counters that a test moves."""

    def __init__(self, clock: FakeClock, *names: str) -> None:
        since = clock.now() - timedelta(minutes=1)
        self.all = {name: CameraState(name, CameraStatus.STREAMING, "", since) for name in names}
        self.paces: list[Level] = []

    @property
    def states(self) -> tuple[CameraState, ...]:
        return tuple(self.all.values())

    def pace(self, level: Level) -> None:
        self.paces.append(level)

    def go_on(self, name: str, decoded: int, analysed: int, dropped: int) -> None:
        old = self.all[name]
        self.all[name] = replace(
            old,
            decoded=old.decoded + decoded,
            analysed=old.analysed + analysed,
            dropped=old.dropped + dropped,
        )


class Scene:
    def __init__(self, *names: str) -> None:
        self.clock = FakeClock()
        self.cameras = Cameras(self.clock, *names)
        self.watch = LoadWatch(self.cameras, LoadGovernor(), self.clock)

    def looks(self, count: int, **frames: tuple[int, int, int]) -> None:
        for _ in range(count):
            for name, numbers in frames.items():
                self.cameras.go_on(name, *numbers)
            self.clock.advance(2)
            self.watch.look()


def test_rates_are_those_of_the_last_ten_seconds() -> None:
    scene = Scene("a", "b")
    assert scene.watch.rates("a") == FrameRates()
    scene.looks(10, a=(0, 0, 0), b=(50, 10, 0))
    scene.looks(6, a=(50, 8, 2), b=(50, 10, 0))
    assert scene.watch.rates("a") == FrameRates(25, 4, 1)
    assert scene.watch.rates("b") == FrameRates(25, 5, 0)
    assert scene.watch.rates("unknown") == FrameRates()


def test_one_pace_for_all_when_frames_are_dropped_and_back() -> None:
    scene = Scene("a", "b")
    scene.looks(5, a=(50, 5, 5), b=(50, 10, 0))
    assert scene.cameras.paces == [Level(0.75)]
    scene.looks(20, a=(50, 8, 0), b=(50, 8, 0))
    assert scene.cameras.paces == [Level(0.75), Level(1.0)]


@pytest.mark.parametrize("status", [CameraStatus.STARTING, CameraStatus.DOWN])
def test_a_camera_that_does_not_deliver_says_nothing_about_the_machine(
    status: CameraStatus,
) -> None:
    scene = Scene("a")
    scene.cameras.all["a"] = replace(scene.cameras.all["a"], status=status)
    scene.looks(20, a=(50, 0, 10))
    assert scene.cameras.paces == []


def test_a_camera_that_has_just_come_is_let_settle() -> None:
    scene = Scene("a")
    scene.cameras.all["a"] = replace(scene.cameras.all["a"], since=scene.clock.now())
    scene.looks(4, a=(50, 0, 10))
    assert scene.cameras.paces == []


def test_counters_that_begin_anew_are_no_frames() -> None:
    scene = Scene("a")
    scene.looks(6, a=(50, 10, 0))
    scene.cameras.all["a"] = replace(scene.cameras.all["a"], decoded=0, analysed=0, dropped=0)
    scene.looks(1, a=(5, 1, 0))
    assert scene.watch.rates("a") == FrameRates()
    assert scene.cameras.paces == []


async def test_it_ends_when_told() -> None:
    scene, stop = Scene("a"), asyncio.Event()
    stop.set()
    await asyncio.wait_for(scene.watch.run(stop), 1)
