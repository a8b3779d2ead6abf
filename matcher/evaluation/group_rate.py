"""The same error rates by group of people: who bears the errors."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from matcher.evaluation.bounds import upper_bound_of_share
from matcher.evaluation.outcome import Outcome

UNNAMED = "(no group)"


@dataclass(frozen=True, slots=True)
class GroupRate:
    """One group at the threshold that holds for everybody; counts are over all splits.

    Attributes:
        group: Its name.
        people: Different people of it.
        fpir_of_all: What the threshold is set for, over all groups together.
        searches: Mated searches.
        fnir: Share of them missed; None without one.
        fnir_upper: Upper 95 % bound of that, for as many searches as there were different people.
        strangers: Searches of strangers.
        fpir: Share of them let through; None without one.
        fpir_upper: Upper 95 % bound of that, likewise.
    """

    group: str
    people: int
    fpir_of_all: float
    searches: int
    fnir: float | None
    fnir_upper: float | None
    strangers: int
    fpir: float | None
    fpir_upper: float | None


def group_rates(
    outcomes: Sequence[Outcome], groups: Mapping[str, str], fpir: float
) -> tuple[GroupRate, ...]:
    """Split the errors by the group of whoever was searched for.

    Args:
        outcomes: One per split.
        groups: Name of a person to the group.
        fpir: Sets each split's threshold, for all groups together.
    """
    mated: dict[str, list[tuple[str, bool]]] = {}
    strangers: dict[str, list[tuple[str, bool]]] = {}
    for outcome in outcomes:
        threshold = outcome.threshold(fpir)
        for name, score in zip(outcome.mated_people, outcome.mated, strict=True):
            missed = bool(score <= threshold)
            mated.setdefault(groups.get(name, UNNAMED), []).append((name, missed))
        for name, score in zip(outcome.stranger_people, outcome.strangers, strict=True):
            let_through = bool(score > threshold)
            strangers.setdefault(groups.get(name, UNNAMED), []).append((name, let_through))
    return tuple(
        _row(group, fpir, mated.get(group, ()), strangers.get(group, ()))
        for group in sorted(mated.keys() | strangers.keys())
    )


def _row(
    group: str,
    fpir: float,
    mated: Sequence[tuple[str, bool]],
    strangers: Sequence[tuple[str, bool]],
) -> GroupRate:
    fnir, fnir_upper = _share(mated)
    let_through, fpir_upper = _share(strangers)
    return GroupRate(
        group=group,
        people=len({name for name, _ in (*mated, *strangers)}),
        fpir_of_all=fpir,
        searches=len(mated),
        fnir=fnir,
        fnir_upper=fnir_upper,
        strangers=len(strangers),
        fpir=let_through,
        fpir_upper=fpir_upper,
    )


def _share(searches: Sequence[tuple[str, bool]]) -> tuple[float | None, float | None]:
    """The share of errors, and its bound."""
    if not searches:
        return None, None
    share = sum(error for _, error in searches) / len(searches)
    return share, upper_bound_of_share(share, len({name for name, _ in searches}))
