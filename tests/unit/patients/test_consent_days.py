"""From days of the site to the moments between which a consent holds."""

from datetime import UTC, datetime

import pytest

from config.settings import Consent, Settings, Site
from streamer.errors import InputError
from streamer.patients.consent_days import term_of

# 24 November has begun in Almaty.
NOW = datetime(2026, 11, 23, 20, 0, tzinfo=UTC)
SETTINGS = Settings(
    site=Site(id="s-1", name="S", time_zone="Asia/Almaty"), consent=Consent(term_days=30)
)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]


@pytest.mark.parametrize(
    ("given", "expires", "begins", "ends"),
    [
        (None, None, NOW, utc(2026, 12, 23, 19)),
        ("2026-11-24", None, NOW, utc(2026, 12, 23, 19)),
        ("2026-11-20", None, utc(2026, 11, 19, 19), utc(2026, 12, 19, 19)),
        (None, "2026-11-24", NOW, utc(2026, 11, 24, 19)),
        (None, "2028-02-29", NOW, utc(2028, 2, 29, 19)),
    ],
)
def test_terms(given: str | None, expires: str | None, begins: datetime, ends: datetime) -> None:
    term = term_of(given, expires, SETTINGS, NOW)
    assert (term.given_at, term.expires_at) == (begins, ends)


@pytest.mark.parametrize("bad", ["", "tomorrow", "2027-02-29", "24.11.2026", "0001-01-01"])
def test_what_is_no_date(bad: str) -> None:
    with pytest.raises(InputError, match="given: is no date"):
        term_of(bad, None, SETTINGS, NOW)
    with pytest.raises(InputError, match="expires: is no date"):
        term_of(None, bad, SETTINGS, NOW)
