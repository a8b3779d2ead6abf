"""One day of a site's appointments in the service's memory, and what differs from the database's.

Pure; used by `schedules`. PostgreSQL gives every version of a row the number of the transaction
that wrote it (`xmin`), so that a day's number of rows and one sum over those tell whether any of
them was changed, and the numbers by themselves which.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self
from uuid import UUID

from streamer.domain.appointment import Appointment
from streamer.storage.local_day import LocalDay


@dataclass(frozen=True, slots=True)
class DayState:
    """How many appointments a day has, and the sum of the squares of their rows' versions.

    A plain sum would do where a later write always had a higher number; a transaction that began
    early and wrote late has a lower one, and two such changes might cancel out.
    """

    count: int
    squares: int


@dataclass(frozen=True, slots=True)
class Row:
    """An appointment and the version of its row."""

    version: int
    appointment: Appointment


@dataclass(frozen=True, slots=True)
class HeldDay:
    """A day as PostgreSQL had it; immutable, so that whoever reads it sees one moment.

    Attributes:
        day: Which.
        rows: By appointment.
        as_of: When PostgreSQL last confirmed it, UTC.
        confirmed_at: The same, monotonic seconds: the wall clock may be set.
        patients: Appointments by patient, by start.
        state: Of all rows.
    """

    day: LocalDay
    rows: Mapping[UUID, Row]
    as_of: datetime
    confirmed_at: float
    patients: Mapping[UUID, tuple[Appointment, ...]]
    state: DayState

    @classmethod
    def of(
        cls, day: LocalDay, rows: Mapping[UUID, Row], as_of: datetime, confirmed_at: float
    ) -> Self:
        """Work out what is asked for; of a large site's day that takes tens of milliseconds."""
        found: dict[UUID, list[Appointment]] = {}
        for row in sorted(rows.values(), key=_order):
            found.setdefault(row.appointment.patient_id, []).append(row.appointment)
        patients = {one: tuple(appointments) for one, appointments in found.items()}
        squares = sum(row.version * row.version for row in rows.values())
        return cls(day, rows, as_of, confirmed_at, patients, DayState(len(rows), squares))

    def confirmed(self, as_of: datetime, confirmed_at: float) -> Self:
        """Return the same day, confirmed anew. Nothing is worked out again."""
        return replace(self, as_of=as_of, confirmed_at=confirmed_at)

    def outdated(self, versions: Mapping[UUID, int]) -> list[UUID]:
        """Return the appointments whose row here is another one or missing."""
        return [
            key
            for key, version in versions.items()
            if (row := self.rows.get(key)) is None or row.version != version
        ]

    def changed(
        self,
        versions: Mapping[UUID, int],
        read: Iterable[Row],
        as_of: datetime,
        confirmed_at: float,
    ) -> "HeldDay":
        """Return the day with these rows.

        Args:
            versions: Of all the day's rows,
            read: and those of them that were `outdated`, read since; one may have left the day.
            as_of: When that was, UTC,
            confirmed_at: and in monotonic seconds.
        """
        rows = {key: row for key, row in self.rows.items() if key in versions}
        for row in read:
            key, starts_at = row.appointment.appointment_id, row.appointment.starts_at
            if self.day.start <= starts_at < self.day.end:
                rows[key] = row
            else:
                rows.pop(key, None)
        return HeldDay.of(self.day, rows, as_of, confirmed_at)

    def differing(self, other: "HeldDay") -> dict[UUID, tuple[Appointment, ...]]:
        """Return the patients whose appointments are others there, with those."""
        return {
            patient: other.patients.get(patient, ())
            for patient in {**self.patients, **other.patients}
            if self.patients.get(patient) != other.patients.get(patient)
        }


def _order(row: Row) -> tuple[datetime, str]:
    return row.appointment.starts_at, str(row.appointment.appointment_id)
