"""The words of reports in one language, and numbers and times as its people write them."""

import json
import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Final
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_decimal

from streamer.domain.report.period import Period, PeriodKind

LANGUAGES: Final = ("kk", "ru", "en")
_LOCALES: Final = {"kk": "kk_KZ", "ru": "ru_KZ", "en": "en_GB"}
# What no XML and no browser takes, and what turns the direction of writing around.
_NEVER_SHOWN: Final = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)

# In per cent: below it the figures say no more than that it is very little.
_LEAST_SHOWN: Final = 0.001


@cache
def _all() -> dict[str, list[str]]:
    source = files("streamer.exchange").joinpath("documents", "report.words.json")
    words: dict[str, list[str]] = json.loads(source.read_text(encoding="utf-8"))
    return words


def all_keys() -> frozenset[str]:
    """Return the name of every text there is."""
    return frozenset(_all())


def clean(text: str) -> str:
    """Return a text of somebody else's without what can't be shown."""
    return _NEVER_SHOWN.sub("\N{REPLACEMENT CHARACTER}", text)


class Words:
    """Of one language and one site's time."""

    def __init__(self, language: str, zone: str) -> None:
        """Take them.

        Raises:
            ValueError: `language` is none of kk, ru and en.
            ZoneInfoNotFoundError: There is no such zone.
        """
        self.language = language
        self.zone = ZoneInfo(zone)
        self._place = LANGUAGES.index(language)
        self._locale = Locale.parse(_LOCALES[language])

    def of(self, key: str, **given: object) -> str:
        """Return a text with what it asks for filled in."""
        text = _all()[key][self._place]
        for name, value in given.items():
            if str(value).endswith("."):
                # A date such as "8 марта 2026 г." at the end of a sentence ends that, too.
                text = text.replace(f"{{{name}}}.", f"{{{name}}}")
        return text.format(**given) if given else text

    def has(self, key: str) -> bool:
        """Is there such a text?"""
        return key in _all()

    def code(self, group: str, value: str | None) -> str:
        """Return the words for a code; one that nobody knows is shown as it is."""
        if not value:
            return ""
        key = f"{group}.{value}"
        return self.of(key) if key in _all() else clean(value)

    def number(self, value: float | Decimal, places: int = 0) -> str:
        """Return a number with so many decimal places at most."""
        pattern = "#,##0" + ("." + "#" * places if places else "")
        return str(format_decimal(value, format=pattern, locale=self._locale))

    def percent(self, share: float, places: int = 1) -> str:
        """Return a share, 0 to 1, in per cent. What is not all never reads as all of it."""
        shown = round(share * 100, places)
        least = 10.0**-places
        if share > 0 and shown == 0:
            return f"< {self.number(least, places)}\N{NO-BREAK SPACE}%"
        if share < 1 and shown >= 100:
            shown = 100 - least
        return f"{self.number(shown, places)}\N{NO-BREAK SPACE}%"

    def part(self, count: int, total: int) -> str:
        """Return a count's share of a total; of nothing there is none."""
        return self.percent(count / total) if total else "–"

    def small(self, share: float) -> str:
        """Return a share that may be tiny, with two figures that say something."""
        shown = share * 100
        if 0 < shown < _LEAST_SHOWN:
            return f"< {self.number(_LEAST_SHOWN, 4)}\N{NO-BREAK SPACE}%"
        return f"{self.number(float(f'{shown:.2g}'), 4)}\N{NO-BREAK SPACE}%"

    def amount(self, amounts: Mapping[str, Decimal]) -> str:
        """Return amounts, each with its currency."""
        return "; ".join(
            f"{format_decimal(amount, format='#,##0.00', locale=self._locale)} {clean(currency)}"
            for currency, amount in sorted(amounts.items())
        )

    def moment(self, at: datetime) -> str:
        """Return a moment in the site's time."""
        return f"{at.astimezone(self.zone):%d.%m.%Y %H:%M}"

    def time(self, at: datetime) -> str:
        """Return its time of the day."""
        return f"{at.astimezone(self.zone):%H:%M}"

    def local(self, at: datetime) -> datetime:
        """Return it as the site's clocks show it, without a zone: what a spreadsheet can hold."""
        return at.astimezone(self.zone).replace(tzinfo=None)

    def long_date(self, day: date) -> str:
        """Return a day in words."""
        return format_date(day, "long", locale=self._locale)

    def short_date(self, day: date) -> str:
        """Return a day in few letters, with its weekday."""
        weekday = format_date(
            day, "EEEEEE" if self.language == "ru" else "EEE", locale=self._locale
        )
        return f"{day:%d.%m.%Y} {weekday}"

    def period(self, period: Period) -> str:
        """Return which days a period has."""
        kind = self.of(f"period.{period.kind.value}")
        if period.kind is PeriodKind.MONTH:
            month = format_date(period.first, "LLLL y", locale=self._locale)
            return f"{month} ({kind})"
        if period.first == period.last:
            return f"{self.long_date(period.first)} ({kind})"
        return f"{self.long_date(period.first)} – {self.long_date(period.last)} ({kind})"

    def short_period(self, period: Period) -> str:
        """Return the same in few letters, for axes and narrow columns."""
        if period.kind is PeriodKind.MONTH:
            return f"{period.first:%m.%Y}"
        if period.first == period.last:
            return f"{period.first:%d.%m}"
        return f"{period.first:%d.%m}–{period.last:%d.%m}"

    def yes(self, value: bool) -> str:
        """Return yes or no."""
        return self.of("yes" if value else "no")
