"""Moments out of PostgreSQL's numbers."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from streamer.storage.epoch import known_moment_of, moment_of

_2000 = datetime(2000, 1, 1, tzinfo=UTC)
# PostgreSQL counts microseconds from 2000 on, and divides them by a million.
_SINCE_1970_US = 946_684_800_000_000


@given(st.integers(min_value=0, max_value=3_000_000_000_000_000))
def test_to_the_microsecond(us: int) -> None:
    """Of a century, as a server of ours says it: one division of 64-bit numbers."""
    epoch = (us + _SINCE_1970_US) / 1_000_000.0
    assert moment_of(epoch) == known_moment_of(epoch) == _2000 + timedelta(microseconds=us)
    assert moment_of(epoch).tzinfo is UTC
