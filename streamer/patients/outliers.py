"""Which photos of an enrolment don't belong to the others. Called by `patients.enrolment`. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import median
from typing import Final

from matcher.face import Embedding, fuse

# A photo stands out whose distance to the mean of the others is so many times what is usual among
# them, and no longer small. Chosen on half of LFW; see docs/design/0010.
_STANDS_OUT: Final = 1.5
_NO_LONGER_SMALL: Final = 0.75
"""Of the distance from which on two photos show different people."""

Distance = Callable[[Embedding, Embedding], float]


@dataclass(frozen=True, slots=True)
class Outlier:
    """A photo that was left out.

    Attributes:
        index: Which of the photos.
        distance: From the mean of the others that were there then.
        usual: Median of the same of those others.
    """

    index: int
    distance: float
    usual: float


@dataclass(frozen=True, slots=True)
class Agreed:
    """What is left of an enrolment's photos.

    Attributes:
        kept: Which photos agree, in order.
        outliers: Those left out, in the order they were.
        apart: The two kept photos that show different people nevertheless; None = all are fine.
    """

    kept: tuple[int, ...]
    outliers: tuple[Outlier, ...]
    apart: tuple[int, int] | None


def trim(photos: Sequence[Embedding], distance: Distance, same_person: float) -> Agreed:
    """Leave out, one by one, the photo farthest from the rest while it doesn't belong there.

    It does not if it stands out from the rest, or as long as any two photos lie farther apart than
    one person's do. More than half of the photos stay, and two at least: what the majority shows is
    whom the photos show, and of two that disagree nobody knows which is wrong.

    Args:
        photos: Of one pack.
        distance: Of two embeddings, on the pack's scale.
        same_person: From this distance on two photos show different people.
    """
    pairs = {
        pair: distance(photos[pair[0]], photos[pair[1]])
        for pair in combinations(range(len(photos)), 2)
    }
    kept, outliers = list(range(len(photos))), list[Outlier]()
    while True:
        farthest = max(combinations(kept, 2), key=lambda pair: pairs[pair], default=None)
        disagree = farthest is not None and pairs[farthest] > same_person
        worst = _worst(photos, kept, distance) if len(kept) > 2 else None
        if worst is None or not (disagree or _stands_out(worst, same_person)):
            break
        if 2 * (len(kept) - 1) <= len(photos):
            break
        kept.remove(worst.index)
        outliers.append(worst)
    return Agreed(tuple(kept), tuple(outliers), farthest if disagree else None)


def _worst(photos: Sequence[Embedding], kept: Sequence[int], distance: Distance) -> Outlier:
    """The photo farthest from the mean of the others."""
    apart = {
        index: distance(photos[index], fuse([photos[one] for one in kept if one != index]))
        for index in kept
    }
    index = max(apart, key=lambda one: apart[one])
    return Outlier(index, apart[index], median(apart[one] for one in kept if one != index))


def _stands_out(one: Outlier, same_person: float) -> bool:
    if one.distance > same_person:
        return True
    unusual = one.distance > _STANDS_OUT * one.usual
    return unusual and one.distance > _NO_LONGER_SMALL * same_person
