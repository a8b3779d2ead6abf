"""The pace goes down when frames are dropped, comes back after a calm while, and never swings."""

import random
from itertools import pairwise

import pytest

from streamer.cameras.load_governor import LEVELS, Level, LoadGovernor


class Machine:
    """Cameras at a full pace of `due` frames a second on a machine that can look at `able`."""

    def __init__(self, due: float, able: float) -> None:
        self.governor = LoadGovernor()
        self.due, self.able = due, able
        self.now = 0.0
        self.steps: list[tuple[float, int]] = []

    @property
    def step(self) -> int:
        return LEVELS.index(self.governor.level)

    def run(self, seconds: float) -> int:
        end = self.now + seconds
        while self.now < end:
            level = self.governor.level
            asked = 2 * self.due * (0.1 if level.keyframes_only else level.share)
            before = self.step
            self.governor.weigh(self.now, round(asked), max(0, round(asked - 2 * self.able)))
            if self.step != before:
                self.steps.append((self.now, self.step))
            self.now += 2.0
        return self.step


@pytest.mark.parametrize(
    ("due", "able", "step"),
    [
        (40, 40, 0),
        (40, 37, 0),  # less than a tenth is no shortage
        (40, 30, 1),
        (40, 22, 2),
        (40, 16, 3),
        (40, 9, 3),  # some frames dropped are better than keyframes only
        (40, 7, 4),
        (40, 0, 4),
        (6, 0, 4),
    ],
)
def test_it_steps_down_to_what_the_machine_can_do(due: float, able: float, step: int) -> None:
    # Soon enough that nobody waits for minutes, and before the first try to go up again.
    assert Machine(due, able).run(36) == step


def test_it_finds_the_fitting_pace_at_once_and_tries_it_before_keyframes_only() -> None:
    machine = Machine(40, 16)
    assert machine.run(8) == 3
    short = Machine(40, 4)
    assert (short.run(8), short.run(6)) == (3, 4)


def test_it_comes_back_when_the_machine_does() -> None:
    machine = Machine(40, 16)
    assert machine.run(10) == 3
    machine.able = 40
    assert machine.run(30) == 3
    assert machine.run(120) == 0


def test_a_machine_that_is_always_short_is_tried_less_and_less_often() -> None:
    machine = Machine(40, 30)
    machine.run(3600)
    raised = [at for at, step in machine.steps if step == 0]
    assert len(raised) <= 12
    pauses = [b - a for a, b in pairwise(raised)]
    assert pauses[0] < 120
    assert max(pauses) < 600
    assert pauses[-1] > 4 * pauses[0]


def test_a_few_frames_are_no_evidence_yet() -> None:
    governor = LoadGovernor()
    shares = [governor.weigh(now, 1, 1).share for now in range(0, 20, 2)]
    assert shares == [1.0] * 9 + [0.4]


def test_a_night_without_frames_is_calm() -> None:
    machine = Machine(40, 16)
    machine.run(30)
    for _ in range(200):
        machine.now += 2
        machine.governor.weigh(machine.now, 0, 0)
    assert machine.step == 0


def test_any_numbers_keep_it_on_the_ladder() -> None:
    chance, governor = random.Random(4), LoadGovernor()
    for now in range(20_000):
        due = chance.randrange(60)
        level = governor.weigh(now, due, chance.randrange(due + 1))
        assert level in LEVELS


@pytest.mark.parametrize(
    ("share", "asked", "had"),
    [(1, 5, 5), (0.5, 5, 2.5), (0.4, 2, 1), (0.4, 0.5, 0.5), (0.4, 25, 10)],
)
def test_a_camera_keeps_a_frame_a_second_and_never_gets_more_than_it_asked_for(
    share: float, asked: float, had: float
) -> None:
    assert Level(share).of(asked) == pytest.approx(had)
