"""From the days a consent is recorded with to the moments between which a consent holds. Pure."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from config.settings import Settings
from streamer.errors import InputError

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Term:
    """Half-open, in UTC."""

    given_at: datetime
    expires_at: datetime


def term_of(given: str | None, expires: str | None, settings: Settings, now: datetime) -> Term:
    """The term of a consent, in days of the site.

    Args:
        given: YYYY-MM-DD; None, or today's date = now.
        expires: The last day it holds; None = `consent.term_days` from the day it was given.
        settings: The site's zone, and the term.
        now: Aware.

    Raises:
        InputError: No such date.
    """
    zone = settings.site.zone
    today = now.astimezone(zone).date()
    day = _date(given, "given") if given is not None else today

    def start_of(day: date) -> datetime:
        return datetime.combine(day, time(), zone).astimezone(UTC)

    # A consent of today holds from now on, not from before it was signed.
    given_at = now if day == today else start_of(day)
    last = (
        _date(expires, "expires")
        if expires is not None
        else day + timedelta(days=settings.consent.term_days) - _DAY
    )
    return Term(given_at, start_of(last + _DAY))


def _date(text: str, what: str) -> date:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or not 1900 <= found.year < 2200:
        raise InputError(f"{what}: is no date; write YYYY-MM-DD, for example 2026-03-31")
    return found
