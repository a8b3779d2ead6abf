"""Anything in any order, at real servers: what must always be true, is.

A Hypothesis state machine. A short, fixed set of interleavings belongs to the suite; a thousand new
ones are tried where there is time for them.
"""

import asyncio
from collections import Counter
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from config.settings import Database as Limits
from streamer.domain.appointment import AppointmentStatus as Status
from streamer.domain.identity import Band
from streamer.storage.database import open_database
from tests.fakes.clock import FakeClock
from tests.integration.storage.clinic import NOW, SITE, Clinic
from tests.integration.storage.conftest import empty
from tests.integration.storage.day import OWNER, PEOPLE, Day

STEPS = 15
SETTINGS = settings(
    deadline=None,
    database=None,
    stateful_step_count=STEPS,
    suppress_health_check=list(HealthCheck),
)

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
    st.sampled_from(["face", "face", "hand", "desk", "withdraw", "cancel"]), min_size=2, max_size=4
)


class Interleavings(RuleBasedStateMachine):
    """Every rule is one act of somebody; `make` and `run` are set by the test."""

    runs: ClassVar[int] = 0
    answers: ClassVar[Counter[str]] = Counter()

    @staticmethod
    def make() -> Day:
        raise NotImplementedError

    @staticmethod
    def run(work: Coroutine[Any, Any, None]) -> None:
        raise NotImplementedError

    def __init__(self) -> None:
        super().__init__()
        self.day = type(self).make()
        self.imported: frozenset[int] = frozenset()
        type(self).runs += 1

    def act(self, work: Coroutine[Any, Any, None], *imported: int) -> None:
        self.imported = frozenset(imported)
        self.day.clinic.clock.advance(1)
        type(self).run(work)

    @initialize()
    def begin(self) -> None:
        self.act(self.day.begin())

    @rule(number=people)
    def a_camera_recognises(self, number: int) -> None:
        self.act(self.day.see(number))

    @rule(number=people)
    def a_camera_is_not_sure(self, number: int) -> None:
        self.act(self.day.see(number, Band.REVIEW))

    @rule(number=people)
    def a_camera_recognises_whom_the_gallery_has_just_lost(self, number: int) -> None:
        self.act(self.day.see_late(number))

    @rule(fault=st.sampled_from(["", "", "away", "answer lost"]))
    def accepted_check_ins_are_delivered(self, fault: str) -> None:
        self.act(self.day.deliver(fault))

    @rule()
    def somebody_confirms(self) -> None:
        self.act(self.day.confirm())

    @rule()
    def somebody_rejects(self) -> None:
        self.act(self.day.reject())

    @rule(number=people)
    def reception_has_the_desk_camera_compare(self, number: int) -> None:
        self.act(self.day.compare(number))

    @rule(number=appointments)
    def reception_checks_in_by_hand(self, number: int) -> None:
        self.act(self.day.check_in_by_hand(number))

    @rule(number=people)
    def a_patient_withdraws(self, number: int) -> None:
        self.act(self.day.withdraw(number))

    @rule(number=people)
    def a_patient_consents_again(self, number: int) -> None:
        self.act(self.day.consent(number))

    @rule(number=appointments, status=imported)
    def the_clinics_system_says(self, number: int, status: Status) -> None:
        self.act(self.day.import_status(number, status), number)

    @rule()
    def the_service_is_killed_and_starts_again(self) -> None:
        self.act(self.day.restart())

    @rule()
    def redis_loses_everything(self) -> None:
        self.day.flush_redis()

    @rule()
    def redis_is_cut_off(self) -> None:
        self.day.cut_redis()

    @rule()
    def redis_is_back(self) -> None:
        self.day.mend_redis()

    @rule(minutes=st.sampled_from([1, 10, 40]))
    def time_passes(self, minutes: int) -> None:
        self.day.clinic.clock.advance(60 * minutes)

    @rule(number=appointments, what=moments)
    def all_at_once(self, number: int, what: list[str]) -> None:
        told = (number,) if "cancel" in what else ()
        self.act(self.day.at_once(number, what), *told)

    @invariant()
    def all_is_well(self) -> None:
        if self.day.ids:
            type(self).run(self.day.check(self.imported))
            self.imported = frozenset()

    def teardown(self) -> None:
        type(self).run(self.day.end())
        type(self).answers.update(one.value for one in self.day.told.answers.values())


def interleave(url: str, redis_url: str, folder: Path, chosen: settings) -> type[Interleavings]:
    """Run them; returns what counts how many there were, and how deliveries were answered."""
    with asyncio.Runner() as runner:
        opened = open_database(url, Limits(), SITE, folder / "kirdi.key")
        runner.run(empty(url))
        database = runner.run(opened.__aenter__())

        class Here(Interleavings):
            runs = 0
            answers: ClassVar[Counter[str]] = Counter()

            @staticmethod
            def make() -> Day:
                return Day(Clinic(database, FakeClock(NOW)), folder, redis_url)

            @staticmethod
            def run(work: Coroutine[Any, Any, None]) -> None:
                runner.run(work)

        try:
            runner.run(Here.make().furnish())
            run_state_machine_as_test(Here, settings=chosen)
        finally:
            runner.run(opened.__aexit__(None, None, None))
        return Here


def test_some_interleavings(migrated_url: str, redis_url: str, tmp_path: Path) -> None:
    """The same ones each time, so that a red suite means a change."""
    chosen = settings(
        SETTINGS, max_examples=40, derandomize=True, phases=[Phase.explicit, Phase.generate]
    )
    done = interleave(migrated_url, redis_url, tmp_path, chosen)
    assert done.runs >= 40
    # Otherwise nothing that could go wrong has been tried.
    assert {"written", "duplicate", "refused_consent", "refused_status"} <= done.answers.keys()


@pytest.mark.measures
@pytest.mark.timeout(600)
def test_a_thousand_interleavings(migrated_url: str, redis_url: str, tmp_path: Path) -> None:
    chosen = settings(SETTINGS, max_examples=1000, print_blob=True)
    assert interleave(migrated_url, redis_url, tmp_path, chosen).runs >= 1000
