"""Who is enrolled and who comes as a stranger: an open-set test over several random splits."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from matcher.errors import MatcherError

PersonPhotos = tuple[str, tuple[int, ...]]
"""A person and which of their photos, by number."""


@dataclass(frozen=True, slots=True)
class Split:
    """One drawing. Nobody is in both groups of searches, no photo is template and probe.

    Attributes:
        templates: Enrolled people with the photos they are enrolled from.
        mated: The same people, in the same order, with the photos they are searched by.
        strangers: Other people with the photos they are searched by.
    """

    templates: tuple[PersonPhotos, ...]
    mated: tuple[PersonPhotos, ...]
    strangers: tuple[PersonPhotos, ...]


@dataclass(frozen=True, slots=True)
class Protocol:
    """An open-set identification test (ISO/IEC 19795-1).

    Attributes:
        gallery: People enrolled.
        photos: Fused into each template.
        probes: Fused into each probe.
        splits: How often the people are drawn anew.
        seed: Of the first split; the next ones count on.
    """

    gallery: int = 150
    photos: int = 2
    probes: int = 2
    splits: int = 20
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse counts below one.

        Raises:
            MatcherError: Of any kind.
        """
        if min(self.gallery, self.photos, self.probes, self.splits) < 1:
            raise MatcherError("gallery, photos, probes and splits must be 1 or more")

    def draw(self, people: Mapping[str, tuple[int, ...]]) -> tuple[Split, ...]:
        """Draw the splits; the same people always give the same ones.

        Args:
            people: Name of each person to the numbers of their usable photos.

        Raises:
            MatcherError: There are too few people to enrol, or nobody to be a stranger.
        """
        need = self.photos + self.probes
        candidates = sorted(name for name, photos in people.items() if len(photos) >= need)
        if len(candidates) < self.gallery:
            raise MatcherError(
                f"{len(candidates)} people have {need} usable photos or more ({self.photos} to "
                f"enrol, {self.probes} to search by); a gallery of {self.gallery} needs as many"
            )
        splits = tuple(self._split(people, candidates, self.seed + i) for i in range(self.splits))
        if not all(split.strangers for split in splits):
            raise MatcherError(
                f"nobody with {self.probes} usable photos is left to be a stranger; "
                "choose a smaller gallery or add people"
            )
        return splits

    def _split(
        self, people: Mapping[str, tuple[int, ...]], candidates: list[str], seed: int
    ) -> Split:
        # The old generator on purpose: its draws are promised to stay the same.
        random = np.random.RandomState(seed)
        enrolled = {
            candidates[i] for i in random.choice(len(candidates), self.gallery, replace=False)
        }
        templates, mated, strangers = [], [], []
        for name in sorted(people):
            shuffled = tuple(people[name][i] for i in random.permutation(len(people[name])))
            if name in enrolled:
                templates.append((name, shuffled[: self.photos]))
                mated.append((name, shuffled[self.photos : self.photos + self.probes]))
            elif len(shuffled) >= self.probes:
                strangers.append((name, shuffled[: self.probes]))
        return Split(tuple(templates), tuple(mated), tuple(strangers))
