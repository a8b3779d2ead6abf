"""Guessing codes against live limits: nothing is gained, and the legitimate patient gets in."""

import asyncio
import random
from dataclasses import replace
from datetime import date, timedelta

import pytest

from streamer.bench.recorded_statements import RecordingPostgres
from streamer.checkin.codes.claim import Answer, Redeemed
from streamer.checkin.codes.limits import Limits, Tally, count, most_evaluated
from streamer.domain.actor import SERVICE
from streamer.domain.attempt import Failure
from streamer.domain.code import CodeKind
from streamer.storage.attempts import PostgresAttempts, Scope
from streamer.storage.local_day import LocalDay
from streamer.storage.queries import sql
from tests.integration.storage.clinic import NOW, ZONE, Clinic
from tests.integration.storage.counter import (
    ASEL,
    DESK,
    DINA,
    TABLET,
    Counter,
    other_than,
)


@pytest.fixture
def counter(clinic: Clinic) -> Counter:
    return Counter(clinic)


@pytest.mark.parametrize(
    "attempts", [600, pytest.param(10_000, marks=[pytest.mark.long, pytest.mark.timeout(300)])]
)
async def test_guessing_gains_nothing(counter: Counter, attempts: int) -> None:
    """One a second at one device. Half-way the guesser even says the right digits."""
    await counter.expect(1, 2, 3)
    codes = {number: (await counter.issue(number)).secret for number in (1, 2, 3)}
    clock, limits, half = counter.clinic.clock, Limits(), attempts // 2
    for attempt in range(attempts):
        clock.advance(1.0)
        guess = codes[1] if attempt == half else wrong_digits(attempt, codes)
        before = await failures(counter) if attempt == half else 0
        answer = (await counter.redeem(guess)).answer
        assert answer is Answer.REFUSED
        if attempt == half:
            assert await failures(counter) == before, "a guess was evaluated during the wait"
        if attempt == half - 1:
            # Meanwhile, on another device, at the first try.
            assert (await counter.redeem(codes[2], device=TABLET)).answer is Answer.ARRIVED
    evaluated = await failures(counter)
    assert evaluated <= most_evaluated(limits, 1, attempts)
    # At the same device once the desk has helped.
    assert (await counter.redeem(codes[3])).answer is Answer.REFUSED
    assert await counter.attempts.forgive(
        Scope.DEVICE, DESK.device_id, SERVICE, counter.clinic.clock.now()
    )
    # Good, whatever has become of the appointment meanwhile.
    assert (await counter.redeem(codes[3])).answer is not Answer.REFUSED
    assert (await counter.statuses())["A-1"] == "booked"


def wrong_digits(attempt: int, codes: dict[int, str]) -> str:
    guess = f"{attempt * 97 % 1_000_000:06d}"
    return guess if guess not in codes.values() else other_than(guess, 500_003)


async def failures(counter: Counter) -> int:
    rows = await counter.attempts.listed(counter.clinic.clock.now())
    return next((row.today for row in rows if row.scope == "device"), 0)


async def test_a_hundred_guesses_at_once_are_a_hundred(counter: Counter) -> None:
    await counter.expect(1)
    code = (await counter.issue(1)).secret
    await asyncio.gather(*(counter.redeem(other_than(code, one)) for one in range(1, 101)))
    rows = {row.scope: row.today for row in await counter.attempts.listed(NOW)}
    # The eleventh begins a wait.
    assert rows == {"device": 11, "site": 11}


@pytest.mark.parametrize("flaw", ["unknown", "used", "replaced", "expired", "issuer"])
async def test_whatever_is_wrong_takes_the_same_work(clinic: Clinic, flaw: str) -> None:
    """The same statements in the same order: neither words nor time tell one from another."""
    base = clinic.database
    recording = RecordingPostgres(base.postgres)
    await Counter(clinic).expect(1)
    counter = Counter(replace(clinic, database=replace(base, postgres=recording)))
    issued = await counter.issue(1)
    shown, by = issued.secret, ASEL if flaw == "issuer" else DINA
    if flaw == "unknown":
        shown = other_than(issued.secret)
    elif flaw == "used":
        await counter.redeem(issued.secret)
    elif flaw == "replaced":
        while (await counter.issue(1)).secret == issued.secret:
            pass
    elif flaw == "expired":
        clinic.clock.advance(24 * 3600)
    recording.stretches.clear()
    assert await counter.redeem(shown, by=[by]) == Redeemed(Answer.REFUSED)
    asked = [[sent for _, sent, _ in one.asked] for one in recording.stretches]
    assert asked == [
        [sql("count_attempt")],
        [sql("find_code_by_digits")],
        [sql("count_attempt"), sql("count_site_failure"), sql("append_audit")],
    ]


async def test_of_two_at_once_the_later_one_may_be_counted_first(counter: Counter) -> None:
    await counter.clinic.import_patients()
    for step in (3, 2, 1, 0):
        assert await counter.attempts.begin("desk-1", NOW + timedelta(milliseconds=step))


async def test_who_succeeds_leaves_no_failure_and_ends_nobodys_wait(counter: Counter) -> None:
    await counter.expect(1, 2)
    codes = [(await counter.issue(number)).secret for number in (1, 2)]
    for step in range(10):
        await counter.redeem(other_than(codes[0], step + 1))
    assert (await counter.redeem(codes[0])).answer is Answer.ARRIVED
    # The wait that the right code began, counted as if it were wrong, is over with it.
    assert (await counter.redeem(other_than(codes[1]))).answer is Answer.REFUSED
    assert (await counter.redeem(codes[1])).answer is Answer.REFUSED, "the eleventh waits a second"
    counter.clinic.clock.advance(1)
    assert (await counter.redeem(codes[1])).answer is Answer.ARRIVED


async def test_a_device_that_waits_still_takes_what_nobody_can_guess(counter: Counter) -> None:
    await counter.expect(1)
    token = await counter.issue(1, kind=CodeKind.QR)
    for step in range(20):
        await counter.redeem(f"{step:06d}")
    assert (await counter.redeem(token.secret)).answer is Answer.ARRIVED


async def test_a_used_token_shown_again_and_again_makes_its_patient_wait(
    counter: Counter,
) -> None:
    await counter.expect(1, 2)
    token, slip = await counter.issue(1, kind=CodeKind.QR), await counter.issue(appointment="A-1")
    await counter.redeem(token.secret)
    for _ in range(5):
        assert (await counter.redeem(token.secret)).answer is Answer.REFUSED
    other = await counter.issue(2)
    assert (await counter.redeem(slip.secret)).answer is Answer.REFUSED
    assert (await counter.redeem(other.secret, device=TABLET)).answer is Answer.ARRIVED
    counter.clinic.clock.advance(3)
    assert (await counter.redeem(slip.secret, device=TABLET)).answer is Answer.NOT_ARRIVED


async def test_a_new_code_ends_its_patients_wait_and_nobody_elses(counter: Counter) -> None:
    await counter.expect(1, 2)
    used = {number: await counter.issue(number, kind=CodeKind.QR) for number in (1, 2)}
    slips = {number: await counter.issue(appointment=f"A-{number}") for number in (1, 2)}
    for number, token in used.items():
        await counter.redeem(token.secret)
        for _ in range(30):
            await counter.redeem(token.secret)
            counter.clinic.clock.advance(10)
        assert (await counter.redeem(slips[number].secret)).answer is Answer.REFUSED
    fresh = await counter.issue(1)
    assert (await counter.redeem(fresh.secret)).answer is Answer.NOT_ARRIVED
    assert (await counter.redeem(slips[2].secret)).answer is Answer.REFUSED


async def test_the_end_of_a_wait_that_is_over_is_not_listed(counter: Counter) -> None:
    await counter.expect(1)
    code = (await counter.issue(1)).secret
    await counter.redeem(other_than(code))
    rows = await counter.attempts.listed(NOW)
    assert [(row.today, row.blocked_until) for row in rows] == [(1, None), (1, None)]
    for step in range(10):
        await counter.redeem(other_than(code, step + 1))
    waits = {row.scope: row.blocked_until for row in await counter.attempts.listed(NOW)}
    assert waits == {"device": NOW + timedelta(seconds=1), "site": None}


async def test_whoever_redeems_what_they_issued_makes_the_device_wait_too(
    counter: Counter,
) -> None:
    await counter.expect(1)
    issued = await counter.issue(1)
    for _ in range(3):
        await counter.redeem(issued.secret, by=[ASEL])
    assert await failures(counter) == 3


async def test_a_guessed_at_site_slows_only_devices_that_failed(clinic: Clinic) -> None:
    counter = Counter(clinic, Limits(site_day=5))
    await counter.expect(1, 2, 3)
    codes = [(await counter.issue(number)).secret for number in (1, 2, 3)]
    for step in range(6):
        await counter.redeem(other_than(codes[0], step + 1))
    # The sixth began the strict wait; before the fifth there was none.
    assert (await counter.redeem(codes[0])).answer is Answer.REFUSED
    clean = replace(DESK, device_id="desk-9")
    assert (await counter.redeem(codes[1], device=clean)).answer is Answer.ARRIVED
    assert (await counter.redeem(codes[2], device=clean)).answer is Answer.ARRIVED


@pytest.mark.parametrize("seed", range(3))
async def test_the_rows_follow_the_rule(clinic: Clinic, seed: int) -> None:
    """The statement and `checkin.codes.limits.count` say the same, over days and clock jumps."""
    chance, limits = random.Random(seed), Limits(site_day=20)
    counter = Counter(clinic, limits)
    await counter.clinic.import_patients()
    attempts: PostgresAttempts = counter.attempts
    tally: Tally | None = None
    now = NOW
    site_failures: dict[date, int] = {}
    for _ in range(80):
        now += timedelta(seconds=chance.choice([0, 0.5, 1, 30, 700, 5_000, -60]))
        day = LocalDay.containing(now, ZONE)
        strict = site_failures.get(day.day, 0) >= limits.site_day
        if tally is not None and LocalDay.containing(tally.last_at, ZONE).day != day.day:
            tally = replace(tally, today=0)
        expected = count(tally, limits, now, day.end, strict)
        began = await attempts.begin("desk-1", now)
        assert (began is None) == (expected is None)
        if began is None or expected is None:
            continue
        assert abs((began.blocked_until - expected.blocked_until).total_seconds()) < 0.001
        tally = expected
        await attempts.failed(Failure(DESK.device_id, "unknown", "desk", None), now)
        site_failures[day.day] = site_failures.get(day.day, 0) + 1
    row = await clinic.row("SELECT level FROM attempts WHERE scope = 'device'")
    assert tally is not None
    assert float(str(row[0])) == pytest.approx(tally.level, abs=1e-3)
