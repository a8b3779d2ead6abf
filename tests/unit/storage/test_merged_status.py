import pytest

from streamer.domain.appointment import AppointmentStatus as Status
from streamer.storage.merged_status import merged_status


@pytest.mark.parametrize(
    ("stored", "given", "merged"),
    [
        (Status.BOOKED, Status.PENDING, Status.PENDING),
        (Status.BOOKED, Status.CANCELLED, Status.CANCELLED),
        (Status.BOOKED, Status.ARRIVED, Status.ARRIVED),
        (Status.ARRIVED, Status.BOOKED, Status.ARRIVED),
        (Status.ARRIVED, Status.PENDING, Status.ARRIVED),
        (Status.ARRIVED, Status.WAITLIST, Status.ARRIVED),
        (Status.ARRIVED, Status.CHECKED_IN, Status.CHECKED_IN),
        (Status.ARRIVED, Status.FULFILLED, Status.FULFILLED),
        (Status.ARRIVED, Status.CANCELLED, Status.CANCELLED),
        (Status.ARRIVED, Status.NOSHOW, Status.NOSHOW),
        (Status.ARRIVED, Status.ENTERED_IN_ERROR, Status.ENTERED_IN_ERROR),
        (Status.CHECKED_IN, Status.ARRIVED, Status.CHECKED_IN),
        (Status.NOSHOW, Status.CHECKED_IN, Status.CHECKED_IN),
        (Status.NOSHOW, Status.BOOKED, Status.NOSHOW),
        (Status.FULFILLED, Status.CHECKED_IN, Status.FULFILLED),
        (Status.FULFILLED, Status.CANCELLED, Status.CANCELLED),
        (Status.CANCELLED, Status.BOOKED, Status.CANCELLED),
    ],
)
def test_no_status_moves_backwards(stored: Status, given: Status, merged: Status) -> None:
    assert merged_status(stored, given) is merged


@pytest.mark.parametrize("stored", list(Status))
@pytest.mark.parametrize("given", list(Status))
def test_importing_twice_changes_nothing(stored: Status, given: Status) -> None:
    once = merged_status(stored, given)
    assert once in (stored, given)
    assert merged_status(once, given) is once
