"""What `kirdi bench protection` found, a row each."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class ProtectionFigures:
    """One thing with its protection, and the same without.

    Attributes:
        subject: What was done.
        size: Check-ins in flight, or templates of the gallery.
        rounds: How often each side took its turn.
        per_second: Check-ins; None for a gallery,
        bare_per_second: and without the audit.
        seconds: For the gallery once, median of the rounds; None for check-ins,
        bare_seconds: and for the rows alone, neither audited nor decrypted.
        ratio: Time with over time without, median of the rounds,
        ratio_least: the least of them
        ratio_most: and the most.
    """

    subject: str
    size: int
    rounds: int
    per_second: float | None
    bare_per_second: float | None
    seconds: float | None
    bare_seconds: float | None
    ratio: float
    ratio_least: float
    ratio_most: float


def rates(
    subject: str, size: int, done: int, ours: Sequence[float], bare: Sequence[float]
) -> ProtectionFigures:
    """Of work that was done so many times a round; `ours` and `bare` are seconds of a round."""
    return ProtectionFigures(
        subject,
        size,
        len(ours),
        done / median(ours),
        done / median(bare),
        None,
        None,
        *_ratios(ours, bare),
    )


def times(
    subject: str, size: int, ours: Sequence[float], bare: Sequence[float]
) -> ProtectionFigures:
    """Of work that was done once a round."""
    return ProtectionFigures(
        subject, size, len(ours), None, None, median(ours), median(bare), *_ratios(ours, bare)
    )


def _ratios(ours: Sequence[float], bare: Sequence[float]) -> tuple[float, float, float]:
    found = sorted(one / other for one, other in zip(ours, bare, strict=True))
    return median(found), found[0], found[-1]
