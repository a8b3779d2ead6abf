"""Do thresholds keep what they promise? On people whose scores had no part in fitting them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from matcher.calibration import Calibration
from matcher.evaluation.bounds import upper_bound_of_share
from matcher.evaluation.outcome import Outcome
from matcher.evaluation.protocol import PersonPhotos, Protocol, Split
from matcher.evaluation.rate import FPIRS
from matcher.evaluation.system import System
from matcher.thresholds import score_for

SIZES = (50, 150, 300, 600, 1000)
"""Galleries the table of thresholds is for."""


@dataclass(frozen=True, slots=True)
class ThresholdCheck:
    """One threshold, and what it let through.

    Attributes:
        gallery: People enrolled.
        fpir: The share of strangers it is meant for.
        score: The threshold.
        observed: Whether comparisons themselves showed rates that low; else it is extrapolated.
        measured_fpir: Mean over the splits; None where there were too few other people.
        upper: Upper 95 % bound of that in one split.
        strangers: Searches of strangers in one split.
    """

    gallery: int
    fpir: float
    score: float
    observed: bool
    measured_fpir: float | None
    upper: float | None
    strangers: int


def check_thresholds(
    calibration: Calibration,
    system: System,
    people: Mapping[str, tuple[int, ...]],
    protocol: Protocol,
) -> tuple[ThresholdCheck, ...]:
    """Compare the promised with the measured share of strangers, by gallery size.

    Args:
        calibration: Whose tail the thresholds rest on; its own half of the people is left out.
        system: Scores with that calibration's cohort.
        people: Name of each person to the numbers of their usable photos.
        protocol: Photos, probes, splits and seed; its gallery does not matter.
    """
    others = {
        name: photos
        for name, photos in people.items()
        if photos and not calibration.selection.may_use(name)
    }
    rows: list[ThresholdCheck] = []
    for size in SIZES:
        splits = _draw(others, size, protocol)
        outcomes = [Outcome.of(system, split) for split in splits]
        for fpir in FPIRS:
            score = score_for(calibration.tail, fpir, size)
            shares = [one.false_positives(score) / len(one.strangers) for one in outcomes]
            strangers = min((len(one.strangers) for one in outcomes), default=0)
            measured = float(np.mean(shares)) if shares else None
            rows.append(
                ThresholdCheck(
                    gallery=size,
                    fpir=fpir,
                    score=score,
                    observed=calibration.tail.rate_at(score) >= calibration.tail.observed_rate,
                    measured_fpir=measured,
                    upper=None if measured is None else upper_bound_of_share(measured, strangers),
                    strangers=strangers,
                )
            )
    return tuple(rows)


def _draw(people: Mapping[str, tuple[int, ...]], size: int, protocol: Protocol) -> Sequence[Split]:
    """Galleries of anybody, from as many photos as they have; nobody enrolled is searched for."""
    names = sorted(people)
    splits: list[Split] = []
    for number in range(protocol.splits if len(names) > size else 0):
        random = np.random.RandomState(protocol.seed + number)
        enrolled = {names[i] for i in random.choice(len(names), size, replace=False)}
        templates: list[PersonPhotos] = []
        strangers: list[PersonPhotos] = []
        for name in names:
            shuffled = tuple(people[name][i] for i in random.permutation(len(people[name])))
            if name in enrolled:
                templates.append((name, shuffled[: protocol.photos]))
            elif len(shuffled) >= protocol.probes:
                strangers.append((name, shuffled[: protocol.probes]))
        if not strangers:
            return ()
        splits.append(Split(tuple(templates), (), tuple(strangers)))
    return splits
