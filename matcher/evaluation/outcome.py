"""What one split showed of one system, and the error rates at any threshold."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from matcher.evaluation.protocol import Split
from matcher.evaluation.system import System

_Scores = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """The scores of one split's searches.

    Attributes:
        mated_people: Who was searched for, (m,).
        mated: float64 (m,), score of the right person; -inf where somebody else came first.
        stranger_people: Who was searched for in vain, (s,).
        strangers: float64 (s,), the best score anybody had.
    """

    mated_people: tuple[str, ...]
    mated: _Scores
    stranger_people: tuple[str, ...]
    strangers: _Scores

    @classmethod
    def of(cls, system: System, split: Split) -> "Outcome":
        """Enrol and search."""
        answers = system.answers(split.templates, (*split.mated, *split.strangers))
        count = len(split.mated)
        mated = [
            answer.score if answer.owner == name else -np.inf
            for answer, (name, _) in zip(answers[:count], split.mated, strict=True)
        ]
        return cls(
            tuple(name for name, _ in split.mated),
            np.array(mated, np.float64),
            tuple(name for name, _ in split.strangers),
            np.array([answer.score for answer in answers[count:]], np.float64),
        )

    @property
    def rank1(self) -> float:
        """Share of mated searches that put the right person first."""
        return float(np.mean(np.isfinite(self.mated)))

    def threshold(self, fpir: float) -> float:
        """The lowest score that no more than this share of the strangers exceed."""
        allowed = int(fpir * len(self.strangers) + 1e-9)
        if allowed >= len(self.strangers):
            return -np.inf
        return float(np.sort(self.strangers)[::-1][allowed])

    def misses(self, threshold: float) -> int:
        """Mated searches that do not exceed a score with the right person first."""
        return len(self.missed(threshold))

    def missed(self, threshold: float) -> tuple[str, ...]:
        """Who was searched for in those."""
        pairs = zip(self.mated_people, self.mated, strict=True)
        return tuple(name for name, score in pairs if score <= threshold)

    def false_positives(self, threshold: float) -> int:
        """Strangers that exceed a score."""
        return int(np.sum(self.strangers > threshold))
