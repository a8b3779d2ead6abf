"""What is tested: something that enrols people from photos and says who a probe shows."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from matcher.evaluation.protocol import PersonPhotos


class Answer(NamedTuple):
    """Who a probe shows most likely, and how sure: None and -inf where there was no face."""

    owner: str | None
    score: float


class System(Protocol):
    """Knows everyone's photos by name and number."""

    @property
    def name(self) -> str:
        """Of the column in the report."""
        ...

    def answers(
        self, templates: Sequence[PersonPhotos], probes: Sequence[PersonPhotos]
    ) -> list[Answer]:
        """Enrol people and search by each probe; higher scores are surer."""
        ...
