"""Everything an evaluation says. Made by `kirdi evaluate`, printed or written as JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from matcher.evaluation.bounds import upper_bound_of_share
from matcher.evaluation.comparison import Comparison, compare
from matcher.evaluation.group_rate import GroupRate, group_rates
from matcher.evaluation.outcome import Outcome
from matcher.evaluation.protocol import Protocol, Split
from matcher.evaluation.rate import FPIRS, Rate, rate_at
from matcher.evaluation.system import System
from matcher.evaluation.threshold_check import ThresholdCheck

# Of a DET curve: 1 in 1,000 to all, ten points to the power of ten.
_GRID = tuple(10 ** (exponent / 10) for exponent in range(-30, 1))


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """What a fixed threshold gives, medians over the splits: nobody chose it for this test.

    The upper bounds are 95 % bounds of one split.
    """

    threshold: float
    fnir: float
    fnir_upper: float
    fpir: float
    fpir_upper: float


@dataclass(frozen=True, slots=True)
class SystemReport:
    """One system's errors.

    Attributes:
        system: Its name.
        rank1: Share of mated searches with the right person first, median over the splits.
        rates: At the usual shares of strangers let through.
        det: The detection error trade-off: pairs of FPIR and median FNIR.
        at_default: At the threshold the system ships with, if it has one.
        groups: By group of people, if groups were given.
    """

    system: str
    rank1: float
    rates: tuple[Rate, ...]
    det: tuple[tuple[float, float], ...]
    at_default: OperatingPoint | None
    groups: tuple[GroupRate, ...]


@dataclass(frozen=True, slots=True)
class Acquisition:
    """What became of the photos before anything was compared.

    Attributes:
        photos: All of them.
        failed: Those without a usable face, as a share.
        stopped: Reason to the share of photos it stopped.
        people: With one usable photo or more.
        left_out: People not tested because the cohort's figures are made of them.
    """

    photos: int
    failed: float
    stopped: Mapping[str, float]
    people: int
    left_out: int


@dataclass(frozen=True, slots=True)
class Report:
    """The whole evaluation; `comparisons` are the first system's with each of the others."""

    pack_id: str
    protocol: Protocol
    acquisition: Acquisition
    systems: tuple[SystemReport, ...]
    comparisons: tuple[Comparison, ...]
    thresholds: tuple[ThresholdCheck, ...]


def report_on(
    system: System,
    splits: Sequence[Split],
    groups: Mapping[str, str] | None = None,
    default_threshold: float | None = None,
) -> SystemReport:
    """Test one system on all splits.

    Args:
        system: To be tested.
        splits: As the protocol drew them.
        groups: Name of a person to the group.
        default_threshold: The score a system ships with as its threshold.
    """
    outcomes = [Outcome.of(system, split) for split in splits]
    return SystemReport(
        system=system.name,
        rank1=median(one.rank1 for one in outcomes),
        rates=tuple(rate_at(outcomes, fpir) for fpir in FPIRS),
        det=tuple((fpir, rate_at(outcomes, fpir).fnir) for fpir in _GRID),
        at_default=None if default_threshold is None else _point(outcomes, default_threshold),
        groups=tuple(
            row for fpir in FPIRS if groups for row in group_rates(outcomes, groups, fpir)
        ),
    )


def compare_first(systems: Sequence[SystemReport]) -> tuple[Comparison, ...]:
    """Compare the first system with each of the others, at every share of strangers.

    Args:
        systems: At least one, all tested on the same splits.
    """
    first, *others = systems
    return tuple(
        compare(first.system, rate, other.system, beside)
        for other in others
        for rate, beside in zip(first.rates, other.rates, strict=True)
    )


def _point(outcomes: Sequence[Outcome], threshold: float) -> OperatingPoint:
    fnir = median(one.misses(threshold) / len(one.mated) for one in outcomes)
    fpir = median(one.false_positives(threshold) / len(one.strangers) for one in outcomes)
    return OperatingPoint(
        threshold,
        fnir,
        upper_bound_of_share(fnir, min(len(one.mated) for one in outcomes)),
        fpir,
        upper_bound_of_share(fpir, min(len(one.strangers) for one in outcomes)),
    )
