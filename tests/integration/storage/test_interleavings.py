"""Anything in any order, at real servers: what must always be true, is.

A Hypothesis state machine. A short, fixed set of interleavings belongs to the suite; a thousand new
ones are tried where there is time for them. Hypothesis tries variations of what it has tried, so
only those that differ are counted, and each few begin from a seed of their own.
"""

import asyncio
import itertools
import secrets
from collections import Counter
from collections.abc import Callable, Coroutine
from inspect import getcoroutinelocals
from pathlib import Path
from typing import Any, ClassVar

import asyncpg
import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    get_state_machine_test,
    initialize,
    invariant,
    rule,
)

from config.settings import Database as Limits
from streamer.domain.appointment import AppointmentStatus as Status
from streamer.domain.identity import Band
from streamer.storage.database import open_database
from streamer.storage.database_role import DatabaseRole
from tests.fakes.clock import FakeClock
from tests.integration.storage.clinic import NOW, SITE, Clinic
from tests.integration.storage.conftest import empty
from tests.integration.storage.day import OWNER, PEOPLE, Day
from tests.servers import as_role

SETTINGS = settings(
    deadline=None,
    database=None,
    max_examples=6,
    stateful_step_count=20,
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
)
FEWEST_ACTS = 5

people = st.sampled_from(PEOPLE)
appointments = st.sampled_from(sorted(OWNER))
imported = st.sampled_from(
    [
        Status.BOOKED,
        Status.PENDING,
        Status.CANCELLED,
        Status.NOSHOW,
        Status.FULFILLED,
        Status.CHECKED_IN,
    ]
)
# What may happen at the same moment, to one appointment and its patient.
moments = st.lists(
    st.sampled_from(
        [
            *("face", "face", "hand", "desk", "code", "withdraw", "cancel", "undo", "wrong person"),
            *("code", "confirm", "reject"),
        ]
    ),
    min_size=2,
    max_size=4,
)
# How the database takes what is delivered; None = nothing is delivered just now.
faults = st.sampled_from(["", "", None, "away", "answer lost"])

Act = Coroutine[Any, Any, None]
SEEING: dict[str, Callable[[Day, int], Act]] = {
    "surely": lambda day, number: day.see(number),
    "perhaps": lambda day, number: day.see(number, Band.REVIEW),
    "whom the gallery has just lost": lambda day, number: day.see_late(number),
}
REDIS: dict[str, Callable[[Day], None]] = {
    "flush": Day.flush_redis,
    "cut": Day.cut_redis,
    "mend": Day.mend_redis,
}
AT_THE_DESK: dict[str, Callable[[Day, int, int], Act]] = {
    "has the camera compare": lambda day, number, _: day.compare(number),
    "checks in by hand": lambda day, _, appointment: day.check_in_by_hand(appointment),
    "takes a check-in back": lambda day, _, appointment: day.undo(appointment),
    "says it was the wrong person": lambda day, _, appointment: day.undo(appointment, True),
    "confirms a review": lambda day, *_: day.confirm(),
    "rejects a review": lambda day, *_: day.reject(),
    "confirms what a code has shown": lambda day, *_: day.confirm_shown(),
    "rejects what a code has shown": lambda day, *_: day.reject_shown(),
}


class Interleavings(RuleBasedStateMachine):
    """Every rule is one act of somebody; `make` and `run` are set by the test."""

    tried: ClassVar[set[tuple[str, ...]]] = set()
    answers: ClassVar[Counter[str]] = Counter()

    @staticmethod
    def make() -> Day:
        raise NotImplementedError

    @staticmethod
    def run(work: Act) -> None:
        raise NotImplementedError

    def __init__(self) -> None:
        super().__init__()
        self.day = type(self).make()
        self.imported: frozenset[int] = frozenset()
        self.acts: list[str] = []

    def act(self, work: Act, *imported: int) -> None:
        self.imported = frozenset(imported)
        told = {key: one for key, one in getcoroutinelocals(work).items() if key != "self"}
        self.acts.append(f"{getattr(work, '__name__', '')} {told}")
        self.day.clinic.clock.advance(1)
        type(self).run(work)

    @initialize()
    def begin(self) -> None:
        self.act(self.day.begin())

    @rule(number=people, how=st.sampled_from(list(SEEING)), fault=faults)
    def a_camera_recognises(self, number: int, how: str, fault: str | None) -> None:
        self.act(SEEING[how](self.day, number))
        self.act(self.day.note_waiting())
        if fault is not None:
            self.check()
            self.act(self.day.deliver(fault))

    @rule(number=appointments)
    def the_clinic_says_that_nobody_came_and_a_code_says_otherwise(self, number: int) -> None:
        self.act(self.day.import_status(number, Status.NOSHOW), number)
        self.check()
        self.act(self.day.issue(OWNER[number]))
        self.act(self.day.redeem(OWNER[number]))

    @rule(fault=faults)
    def accepted_check_ins_are_delivered(self, fault: str | None) -> None:
        self.act(self.day.deliver(fault or ""))

    @rule(number=people, appointment=appointments, what=st.sampled_from(list(AT_THE_DESK)))
    def reception(self, number: int, appointment: int, what: str) -> None:
        self.act(AT_THE_DESK[what](self.day, number, appointment))

    @rule(number=people, anew=st.booleans(), shown=st.booleans())
    def somebody_comes_with_a_code(self, number: int, anew: bool, shown: bool) -> None:
        if anew:
            self.act(self.day.issue(number))
        if shown:
            self.act(self.day.redeem(number))

    @rule(number=people, gives=st.booleans())
    def a_patient_withdraws_or_consents_again(self, number: int, gives: bool) -> None:
        self.act(self.day.consent(number) if gives else self.day.withdraw(number))

    @rule(number=appointments, status=imported)
    def the_clinics_system_says(self, number: int, status: Status) -> None:
        self.act(self.day.import_status(number, status), number)

    @rule(what=st.sampled_from(["kill", "kill", "flush", "cut", "mend", "minute", "ten", "forty"]))
    def something_happens_to_the_service(self, what: str) -> None:
        if what == "kill":
            self.act(self.day.restart())
        elif what in REDIS:
            self.acts.append(what)
            REDIS[what](self.day)
        else:
            minutes = {"minute": 1, "ten": 10, "forty": 40}[what]
            self.acts.append(what)
            self.day.clinic.clock.advance(60 * minutes)
            self.act(self.day.look_back())

    @rule(number=appointments, what=moments)
    def all_at_once(self, number: int, what: list[str]) -> None:
        told = (number,) if "cancel" in what else ()
        self.act(self.day.at_once(number, what), *told)

    @invariant()
    def all_is_well(self) -> None:
        if self.day.ids:
            self.check()

    def check(self) -> None:
        type(self).run(self.day.check(self.imported))
        self.imported = frozenset()

    def teardown(self) -> None:
        type(self).run(self.day.end())
        type(self).answers.update(one.value for one in self.day.told.answers.values())
        if len(self.acts) > FEWEST_ACTS:
            type(self).tried.add(tuple(self.acts))


def interleave(
    url: str,
    redis_url: str,
    folder: Path,
    wanted: int,
    first_seed: int,
    answered: frozenset[str] = frozenset(),
) -> type[Interleavings]:
    """Try so many that differ; returns what holds them, and how deliveries were answered.

    It goes on for as long as one of `answered` has not been an answer.
    """
    # A crash of the server is none of the acts: nothing has to wait for the disk.
    url += "&synchronous_commit=off"
    with asyncio.Runner() as runner:
        opened = open_database(url, Limits(), SITE, folder / "kirdi.key")
        runner.run(empty(url))
        database = runner.run(opened.__aenter__())
        eye = runner.run(asyncpg.connect(as_role(url, DatabaseRole.OWNER)))

        class Here(Interleavings):
            tried: ClassVar[set[tuple[str, ...]]] = set()
            answers: ClassVar[Counter[str]] = Counter()

            @staticmethod
            def make() -> Day:
                return Day(Clinic(database, FakeClock(NOW)), eye, folder, redis_url)

            @staticmethod
            def run(work: Act) -> None:
                runner.run(work)

        try:
            runner.run(Here.make().furnish())
            seeds = itertools.count(first_seed)
            while len(Here.tried) < wanted or not Here.answers.keys() >= answered:
                seed(next(seeds))(get_state_machine_test(Here, settings=SETTINGS))()
        finally:
            runner.run(eye.close())
            runner.run(opened.__aexit__(None, None, None))
        return Here


def test_some_interleavings(migrated_url: str, redis_url: str, tmp_path: Path) -> None:
    """The same ones each time, so that a red suite means a change."""
    done = interleave(migrated_url, redis_url, tmp_path, wanted=30, first_seed=1)
    # Otherwise nothing that could go wrong has been tried.
    assert done.answers["written"] >= 5, done.answers
    assert len(done.answers) >= 3, done.answers


# A status that refuses is so rare that hundreds more were tried for one: `test_check_ins` has it.
THOUSAND_ANSWERED = frozenset({"written", "duplicate", "refused_consent"})


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("_quarter", range(4))
def test_a_thousand_interleavings(
    migrated_url: str, redis_url: str, tmp_path: Path, _quarter: int
) -> None:
    """In four parts, which several workers share."""
    first_seed = secrets.randbits(32)
    print(f"first seed: {first_seed}")
    done = interleave(migrated_url, redis_url, tmp_path, 250, first_seed, THOUSAND_ANSWERED)
    acts = sum(map(len, done.tried))
    print(f"{len(done.tried)} interleavings of {acts} acts; answers: {dict(done.answers)}")
    assert len(done.tried) >= 250
    assert done.answers.keys() >= THOUSAND_ANSWERED
