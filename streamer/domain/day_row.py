"""A row of the day's schedule, as a page shows it and follows it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from streamer.domain.appointment_entry import AppointmentEntry


@dataclass(frozen=True, slots=True)
class DayRow:
    """An appointment of the day. Times are UTC.

    Attributes:
        key: Opaque; changes of the row are told under it.
        entry: As it is now.
        patient: The patient's name; None where it was not asked for.
        seen: Flags of the presences that belong to it (`domain.presence`), each once.
        code_until: Until when a code for it is in force; None = there is none.
        enrolled: The patient consents to recognition, and has a template.
    """

    key: UUID
    entry: AppointmentEntry
    patient: str | None
    seen: tuple[str, ...]
    code_until: datetime | None
    enrolled: bool = False
