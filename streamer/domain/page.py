"""A part of a list: which one is wanted, and what it holds. Between `web` and `storage`."""

from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Slice:
    """Which part.

    Attributes:
        limit: At most so many.
        after: The place of the last one had, as `Page.after` said; empty = from the beginning.
    """

    limit: int
    after: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """That part.

    Attributes:
        after: The place of the last one, where there are more; None = that was all.
    """

    items: tuple[Item, ...]
    after: tuple[str, ...] | None = None
