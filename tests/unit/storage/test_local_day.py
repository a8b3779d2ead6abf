from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.storage.local_day import LocalDay


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Asia/Almaty", date(2026, 11, 23), 24),
        ("Asia/Almaty", date(2024, 2, 29), 25),  # UTC+6 became UTC+5 at its end
        ("Europe/Berlin", date(2026, 3, 29), 23),
        ("Europe/Berlin", date(2026, 10, 25), 25),
        ("Asia/Beirut", date(2026, 3, 29), 23),  # has no midnight
    ],
)
def test_a_day_is_as_long_as_its_zone_says(zone: str, day: date, hours: int) -> None:
    span = LocalDay(day, ZoneInfo(zone))
    assert span.end - span.start == timedelta(hours=hours)


@given(
    st.integers(946_684_800, 2_208_988_800).map(lambda one: datetime.fromtimestamp(one, UTC)),
    st.sampled_from(["Asia/Almaty", "Europe/Berlin", "America/St_Johns", "Asia/Beirut", "UTC"]),
)
def test_every_moment_lies_in_exactly_its_day(moment: datetime, name: str) -> None:
    zone = ZoneInfo(name)
    span = LocalDay.containing(moment, zone)
    assert span.start <= moment < span.end
    after = LocalDay(span.day + timedelta(days=1), zone)
    assert after.start == span.end
