"""Whose appointments were changed since they were last read. Pure; used by `schedules`."""

from collections.abc import Iterable
from typing import Final
from uuid import UUID

MOST: Final = 1000
"""Of more patients it is only remembered that anybody's may have changed."""


class Marks:
    """Set when a change is heard of, taken away when what came of it has been read."""

    def __init__(self) -> None:
        """Begin without any."""
        self._number = 0
        self._of: dict[UUID, int] = {}
        self._of_all = 0

    def add(self, patients: Iterable[UUID] | None) -> None:
        """Mark these; None = everybody."""
        self._number += 1
        if patients is None:
            self._of_all = self._number
        else:
            self._of |= dict.fromkeys(patients, self._number)
        if self._of_all or len(self._of) > MOST:
            self._of_all = self._number
            self._of.clear()

    def __contains__(self, patient: UUID) -> bool:
        return self._of_all > 0 or patient in self._of

    def __bool__(self) -> bool:
        return self._of_all > 0 or bool(self._of)

    @property
    def last(self) -> int:
        """The number of the last mark; taken before what is marked is read."""
        return self._number

    def clear(self, up_to: int) -> None:
        """Take away what was marked until then."""
        if self._of_all <= up_to:
            self._of_all = 0
        self._of = {one: number for one, number in self._of.items() if number > up_to}
