"""The same error rates by group of people: who bears the errors."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

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
        strangers: Searches of strangers.
        fpir: Share of them let through; None without one.
    """

    group: str
    people: int
    fpir_of_all: float
    searches: int
    fnir: float | None
    strangers: int
    fpir: float | None


def group_rates(
    outcomes: Sequence[Outcome], groups: Mapping[str, str], fpir: float
) -> tuple[GroupRate, ...]:
    """Split the errors by the group of whoever was searched for.

    Args:
        outcomes: One per split.
        groups: Name of a person to the group.
        fpir: Sets each split's threshold, for all groups together.
    """
    mated: dict[str, list[bool]] = {}
    strangers: dict[str, list[bool]] = {}
    people: dict[str, set[str]] = {}
    for outcome in outcomes:
        threshold = outcome.threshold(fpir)
        for name, score in zip(outcome.mated_people, outcome.mated, strict=True):
            mated.setdefault(groups.get(name, UNNAMED), []).append(bool(score <= threshold))
        for name, score in zip(outcome.stranger_people, outcome.strangers, strict=True):
            strangers.setdefault(groups.get(name, UNNAMED), []).append(bool(score > threshold))
        for name in (*outcome.mated_people, *outcome.stranger_people):
            people.setdefault(groups.get(name, UNNAMED), set()).add(name)
    return tuple(
        GroupRate(
            group,
            len(people[group]),
            fpir,
            len(mated.get(group, ())),
            _share(mated.get(group, ())),
            len(strangers.get(group, ())),
            _share(strangers.get(group, ())),
        )
        for group in sorted(people)
    )


def _share(flags: Sequence[bool]) -> float | None:
    return sum(flags) / len(flags) if flags else None
