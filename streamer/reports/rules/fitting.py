"""Whom a service is for, as the settings say. Used by the rules about sex and age."""

from collections.abc import Mapping
from dataclasses import dataclass

from config.reports import parse_fit


@dataclass(frozen=True, slots=True)
class Fit:
    """`female` or `male`, and full years, both ends included; None = any."""

    sex: str | None
    least: int | None
    most: int | None


class Fits:
    """Asked for each code once: the answers are remembered."""

    def __init__(self, given: Mapping[str, str]) -> None:
        """Read them; of several beginnings that fit a code the longest says it."""
        read = {code.casefold(): Fit(*parse_fit(code, whom)) for code, whom in given.items()}
        self._fits = sorted(read.items(), key=lambda item: -len(item[0]))
        self._known: dict[str, Fit | None] = {}

    def of(self, service_code: str) -> Fit | None:
        """Return whom a service is for; None = everybody."""
        if not self._fits:
            return None
        if service_code not in self._known:
            code = service_code.casefold()
            found = (fit for beginning, fit in self._fits if code.startswith(beginning))
            self._known[service_code] = next(found, None)
        return self._known[service_code]
