"""What people have done that bears on the next match: undone today, or enrolled it themselves."""

from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Undone:
    """Read anew from the database every second; the check-in transaction asks by itself.

    Attributes:
        appointments: Those of today whose check-in was undone: no face by itself does it again.
        blocked: Patients with the days on which whoever arrived by their face was somebody else.
        by_biller: Appointments around today whose biller enrolled the patient's face, or recorded
            the consent that it rests on: none arrives by that face alone.
    """

    appointments: frozenset[UUID] = frozenset()
    blocked: frozenset[tuple[UUID, date]] = frozenset()
    by_biller: frozenset[UUID] = frozenset()

    def blocks(self, patient_id: UUID, moment: datetime, zone: tzinfo) -> bool:
        """Is the patient's face blocked on the site's day at `moment` (aware)?"""
        return (patient_id, moment.astimezone(zone).date()) in self.blocked
