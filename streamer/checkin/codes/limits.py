"""How often codes may be guessed: the rule, and how many guesses it lets through. Pure.

The database applies the same rule to its rows, many attempts at once (`storage.attempts`); a test
holds the two against each other. docs/design/0016-codes.md has the arithmetic.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

# No wait is a moment that is surely past: of two attempts at once the later may be counted first.
_LONG_PAST: Final = timedelta(minutes=1)
_STRICT_FREE: Final = 1
_STRICT_FIRST_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Limits:
    """What one device, or one patient, may do wrong.

    Attributes:
        free: Failures without any wait.
        longest_wait_s: The wait after the next is 1 s and doubles each time, up to this.
        forgive_s: One failure is forgotten after so long.
        day: Failures on a day of the site; then nothing is evaluated until the day ends or the
            desk helps.
        site_day: Failures of the whole site on a day, beyond which whoever fails waits sooner.
    """

    free: int = 10
    longest_wait_s: float = 3600.0
    forgive_s: float = 1800.0
    day: int = 30
    site_day: int = 60

    @property
    def waits_s(self) -> tuple[float, ...]:
        """The wait after so many unforgiven failures, from one on; the last holds for more."""
        return (0.0,) * self.free + _doubling(1.0, self.longest_wait_s)

    @property
    def strict_waits_s(self) -> tuple[float, ...]:
        """The same while the site is being guessed at: one is free, then a minute and more.

        Nothing is forgiven meanwhile.
        """
        first = min(_STRICT_FIRST_S, self.longest_wait_s)
        return (0.0,) * _STRICT_FREE + _doubling(first, self.longest_wait_s)


@dataclass(frozen=True, slots=True)
class Tally:
    """What is known of a device's failures.

    Attributes:
        level: Failures not forgiven yet, in fractions: they are forgiven steadily.
        today: Failures of the day.
        last_at: When the latest was.
        blocked_until: Before this nothing is evaluated.
    """

    level: float
    today: int
    last_at: datetime
    blocked_until: datetime


def count(
    tally: Tally | None, limits: Limits, now: datetime, day_end: datetime, strict: bool
) -> Tally | None:
    """Count an attempt before it is evaluated.

    Args:
        tally: What is known; `today` is of this day. None = nothing.
        limits: The rule.
        now: Aware.
        day_end: When the site's day ends.
        strict: The site's failures of the day have reached `site_day`.

    Returns:
        The new tally, to be taken back if the code was right; None where the attempt is not to be
        evaluated, and not counted either.
    """
    if tally is None:
        tally = Tally(0.0, 0, now, now)
    if now < tally.blocked_until:
        return None
    elapsed = max(0.0, (now - tally.last_at).total_seconds())
    forgiven = 0.0 if strict else elapsed / limits.forgive_s
    level = max(0.0, tally.level - forgiven) + 1.0
    waits = limits.strict_waits_s if strict else limits.waits_s
    wait = waits[min(_whole(level), len(waits)) - 1]
    until = now + timedelta(seconds=wait) if wait else now - _LONG_PAST
    if tally.today + 1 >= limits.day:
        until = day_end
    return Tally(level, tally.today + 1, now, until)


def most_evaluated(limits: Limits, devices: int, seconds: float) -> int:
    """How many wrong codes are evaluated when all devices are tried without a pause.

    Args:
        limits: The rule.
        devices: How many may redeem codes.
        seconds: For how long, within one day.
    """
    begin = datetime(2026, 1, 1)  # noqa: DTZ001 - only differences are looked at
    end, day_end = begin + timedelta(seconds=seconds), begin + timedelta(days=2)
    tallies: list[Tally | None] = [None] * devices
    now, evaluated = begin, 0
    while now < end:
        for place in range(devices):
            strict = evaluated >= limits.site_day
            counted = count(tallies[place], limits, now, day_end, strict)
            if counted is not None:
                tallies[place] = counted
                evaluated += 1
        waiting = [one.blocked_until for one in tallies if one is not None]
        now = max(now + timedelta(milliseconds=1), min(waiting, default=end))
    return evaluated


def _whole(level: float) -> int:
    """Failures that are not forgiven yet, begun ones counted; never less than one."""
    # A hair above a whole number is rounding, not another failure.
    return max(1, -int(-(level - 1e-6) // 1))


def _doubling(first: float, longest: float) -> tuple[float, ...]:
    waits = []
    while first < longest:
        waits.append(first)
        first *= 2
    return (*waits, longest)
