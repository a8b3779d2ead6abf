"""Collects what is wrong with a file's rows, so that all of it can be put right at once."""

from collections.abc import Iterable
from typing import Final

from streamer.errors import InputError

SHOWN: Final = 100
"""So many are named; of the others there is the number."""


class BadLines:
    """Of one file."""

    def __init__(self) -> None:
        """Begin with none."""
        self._shown: list[str] = []
        self._count = 0

    def __bool__(self) -> bool:
        """Is anything wrong?"""
        return self._count > 0

    def add(self, messages: Iterable[str]) -> None:
        """Take them in; each names file, line, column and remedy."""
        for one in messages:
            self._count += 1
            if len(self._shown) < SHOWN:
                self._shown.append(one)

    def refuse(self) -> None:
        """Raise InputError with all of them, if there are any."""
        if self._count:
            raise InputError(self.message())

    def message(self) -> str:
        """Return all of them, a line each."""
        if self._count == 1:
            return self._shown[0]
        more = self._count - len(self._shown)
        tail = [f"... and {more} more"] if more else []
        head = f"{self._count} rows are wrong, and nothing was imported:"
        return "\n  ".join((head, *self._shown, *tail))
