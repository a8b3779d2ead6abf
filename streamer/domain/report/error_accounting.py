"""What the matcher may have got wrong in a period: how many errors to expect, and by what."""

from dataclasses import dataclass
from enum import StrEnum


class ErrorSource(StrEnum):
    """Whose data the rates come from."""

    SITE = "site"
    """The site's own calibration."""
    PACK = "pack"
    """The model pack's published evaluation: other people than the site's patients."""
    NONE = "none"
    """Neither is known."""


@dataclass(frozen=True, slots=True)
class Expected:
    """An expected number with its interval of 95 %."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class ErrorAccounting:
    """Of one period.

    Attributes:
        pack_id: The model pack in use; `weak_for` are groups of people it is known to be weak for.
        people: How many different people the rates were measured on.
        compared: Tracks that were compared with the gallery; `accepted` those that were somebody.
        gallery: Mean and largest size of the gallery at these comparisons.
        fpir: Share of strangers taken for somebody, at these sizes; None = not known.
        fnir: Share of enrolled people who stand there and are not recognised; None = not known.
        false_accepts: Arrivals by face to expect that were somebody else's.
        false_rejects: Enrolled patients to expect who came and were not recognised.
        reviews: Matches that a person looked at; `rejected` those that were somebody else.
    """

    pack_id: str
    licence: str
    weak_for: tuple[str, ...]
    source: ErrorSource
    people: int
    compared: int
    accepted: int
    gallery_mean: float
    gallery_max: int
    fpir: Expected | None
    fnir: Expected | None
    false_accepts: Expected | None
    false_rejects: Expected | None
    reviews: int
    rejected: int
