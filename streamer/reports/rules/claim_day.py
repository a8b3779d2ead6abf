"""What a sanity rule looks at: the claims of one day of the site. Made by `reports.judge`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple
from uuid import UUID

from config.settings import Reports
from streamer.domain.appointment import Place
from streamer.domain.appointment_facts import AppointmentFacts
from streamer.domain.judged_day import JudgedClaim
from streamer.domain.screening_step import ScreeningStep
from streamer.reports.premises import Premises


class RuledClaim(NamedTuple):
    """A claim as rules see it.

    Attributes:
        place: Where it was given: its own, else the appointment's, else the site.
        department: The appointment's, where there is one.
        measured: Is the time one that a machine noted?
        exempt: May there be any number of it, at the same time?
    """

    judged: JudgedClaim
    place: Place
    department: str | None
    measured: bool
    exempt: bool


@dataclass(frozen=True, slots=True)
class ClaimDay:
    """The claims of a day in order of their time, and what else rules ask for.

    Attributes:
        came_again: Patients who left evidence so late after the first of the day that it is of
            another arrival.
    """

    day: date
    claims: Sequence[RuledClaim]
    premises: Premises
    settings: Reports
    steps: Mapping[UUID, tuple[ScreeningStep, ...]]
    came_again: frozenset[UUID] = frozenset()

    def own_appointment(self, one: JudgedClaim) -> AppointmentFacts | None:
        """Return the appointment a claim goes with: the same patient's, and of this day."""
        named = one.appointment
        if named is None or named.patient_id != one.claim.patient_id:
            return None
        return named if self.premises.day_of(named.starts_at) == self.day else None
