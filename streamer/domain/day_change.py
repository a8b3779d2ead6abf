"""What was changed of the day, in opaque ids: stands in Redis, and is told to pages."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID


@dataclass(frozen=True, slots=True)
class ReviewChange:
    """A review that waits from now on, or waits no more.

    Attributes:
        camera_id: Whose picture it is; None where no camera had a part in it.
    """

    review_id: UUID
    camera_id: str | None
    waiting: bool


@dataclass(frozen=True, slots=True)
class DayChange:
    """Several changes told as one.

    Attributes:
        appointments: Which rows of the day are others now, or gone.
        reviews: Which reviews came or went.
        everything: So much was changed, or may have been, that the day has to be read anew.
        missed: From before this on something may not have been told. Whoever has followed since
            has missed nothing; whoever comes back has to read the day anew.
        look: Nothing but that somebody has changed something: look what.
    """

    appointments: tuple[UUID, ...] = ()
    reviews: tuple[ReviewChange, ...] = ()
    everything: bool = False
    missed: bool = False
    look: bool = False


@dataclass(frozen=True, slots=True)
class DayVersions:
    """The day as it was at a look, only to be compared with the next.

    Attributes:
        day: Its date, ISO 8601.
        rows: Version and practitioner of every appointment.
        reviews: Camera of every review that waits.
    """

    day: str
    rows: Mapping[UUID, tuple[str, str]] = field(default_factory=dict)
    reviews: Mapping[UUID, str | None] = field(default_factory=dict)

    def since(self, before: "DayVersions", most: int) -> DayChange:
        """What is others than before; `everything` where that is more than `most`, or a new day."""
        rows = [
            key
            for key in self.rows.keys() | before.rows.keys()
            if self.rows.get(key) != before.rows.get(key)
        ]
        if self.day != before.day or len(rows) > most:
            return DayChange(everything=True)
        opened = [
            ReviewChange(key, camera, True)
            for key, camera in self.reviews.items()
            if key not in before.reviews
        ]
        gone = [
            ReviewChange(key, camera, False)
            for key, camera in before.reviews.items()
            if key not in self.reviews
        ]
        return DayChange(tuple(rows), (*opened, *gone))
