from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from streamer.domain.appointment import Appointment, AppointmentStatus, Place
from streamer.storage.held_day import DayState, HeldDay, Row
from streamer.storage.local_day import LocalDay
from streamer.storage.marks import MOST, Marks

DAY = LocalDay(date(2026, 11, 23), ZoneInfo("Asia/Almaty"))
AT = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)


def row(number: int, patient: int, version: int, hours: float = 0) -> Row:
    starts_at = AT + timedelta(hours=hours)
    return Row(
        version,
        Appointment(
            UUID(int=number),
            UUID(int=patient),
            starts_at,
            starts_at + timedelta(minutes=20),
            AppointmentStatus.BOOKED,
            Place.SITE,
            None,
        ),
    )


def day(*rows: Row) -> HeldDay:
    return HeldDay.of(DAY, {one.appointment.appointment_id: one for one in rows}, AT, 0.0)


def versions(*rows: Row) -> dict[UUID, int]:
    return {one.appointment.appointment_id: one.version for one in rows}


def test_patients_have_their_appointments_by_start() -> None:
    held = day(row(2, 7, 5, hours=2), row(1, 7, 5, hours=1), row(3, 8, 5))
    assert [one.appointment_id.int for one in held.patients[UUID(int=7)]] == [1, 2]
    assert held.state == DayState(3, 75)


def test_only_other_rows_are_read() -> None:
    kept, old, gone = row(1, 1, 10), row(2, 2, 10), row(3, 3, 10)
    new, added = row(2, 2, 11, hours=1), row(4, 4, 12)
    before = day(kept, old, gone)
    now = versions(kept, new, added)
    assert sorted(key.int for key in before.outdated(now)) == [2, 4]
    after = before.changed(now, [new, added], AT, 1.0)
    assert after.rows == day(kept, new, added).rows
    assert {key.int for key in before.differing(after)} == {2, 3, 4}
    assert before.differing(after)[UUID(int=3)] == ()


def test_what_left_the_day_between_two_questions_is_not_in_it() -> None:
    old, moved = row(1, 1, 10), row(1, 1, 11, hours=24)
    after = day(old).changed({UUID(int=1): 11}, [moved], AT, 1.0)
    assert after.rows == {}
    assert day(old).differing(after) == {UUID(int=1): ()}


def test_a_write_that_changed_nothing_is_a_new_state_and_no_difference() -> None:
    before, again = day(row(1, 1, 10)), row(1, 1, 11)
    after = before.changed(versions(again), [again], AT, 1.0)
    assert after.state != before.state
    assert before.differing(after) == {}


def test_an_early_transaction_that_writes_late_does_not_cancel_out() -> None:
    # 150 began before 200 and wrote both rows after it: the plain sum is 300 both times.
    assert day(row(1, 1, 200), row(2, 2, 100)).state != day(row(1, 1, 150), row(2, 2, 150)).state


@given(st.lists(st.tuples(st.integers(0, 9), st.booleans()), max_size=40))
def test_following_step_by_step_is_the_same_as_reading_anew(
    steps: list[tuple[int, bool]],
) -> None:
    truth: dict[UUID, Row] = {}
    held, states = day(), set[DayState]()
    for version, (number, deleted) in enumerate(steps, 100):
        key = UUID(int=number)
        if deleted:
            truth.pop(key, None)
        else:
            truth[key] = row(number, number % 4, version, hours=version % 5)
        now = {one: each.version for one, each in truth.items()}
        held = held.changed(now, [truth[one] for one in held.outdated(now)], AT, 1.0)
        fresh = HeldDay.of(DAY, truth, AT, 1.0)
        assert (held.rows, held.patients, held.state) == (
            fresh.rows,
            fresh.patients,
            fresh.state,
        )
        if not deleted:
            assert held.state not in states
        states.add(held.state)


def test_marks_go_with_what_was_read_after_them() -> None:
    marks = Marks()
    one, other = UUID(int=1), UUID(int=2)
    marks.add([one, other])
    seen = marks.last
    marks.add([other])
    marks.clear(seen)
    assert (one in marks, other in marks) == (False, True)
    marks.add(None)
    assert one in marks
    before, seen = marks.last, marks.last
    marks.add([one])
    marks.clear(before)
    assert one in marks, "marked again while it was read"
    marks.clear(marks.last)
    assert one not in marks
    assert seen < marks.last


def test_marks_are_bounded() -> None:
    marks = Marks()
    for number in range(MOST + 1):
        marks.add([UUID(int=number)])
    assert UUID(int=10**6) in marks
    marks.clear(marks.last)
    assert UUID(int=1) not in marks
