"""Moments as PostgreSQL's `date_part('epoch', ...)` gives them: seconds since 1970, as a number.

Used where many are read: what asyncpg takes to make a moment is four times as long. A number of 64
bits says a microsecond exactly until the year 2242.
"""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

# Appointments begin on the hour, and import after import is recorded at once.
_REMEMBERED: Final = 4096


def moment_of(epoch: float) -> datetime:
    """Return the moment, in UTC, to the microsecond."""
    return datetime.fromtimestamp(epoch, UTC)


known_moment_of = lru_cache(_REMEMBERED)(moment_of)
"""The same, for such as come again and again."""
