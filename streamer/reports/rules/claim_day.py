"""What a sanity rule looks at: the claims of one day of the site. Made by `reports.judge`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Final
from uuid import UUID

import msgspec

from config.settings import Reports
from streamer.domain.appointment import Place
from streamer.domain.appointment_facts import AppointmentFacts
from streamer.domain.judged_day import JudgedClaim
from streamer.domain.screening_step import ScreeningStep
from streamer.reports.premises import Premises

# Asked of every row, and in Python 3.11 naming a member takes longer than whatever is asked.
_SITE: Final = Place.SITE


class RuledClaim(msgspec.Struct, frozen=True, gc=False):
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


@dataclass(frozen=True)
class ClaimDay:
    """The claims of a day in order of their time, and what else rules ask for.

    What several rules ask for is worked out once: each of fourteen would go through all claims.

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

    @cached_property
    def here(self) -> Sequence[RuledClaim]:
        """Those given at the site."""
        return [one for one in self.claims if one.place is _SITE]

    @cached_property
    def counted(self) -> Sequence[RuledClaim]:
        """Those that are not exempt."""
        return [one for one in self.claims if not one.exempt]

    @cached_property
    def timed(self) -> Sequence[RuledClaim]:
        """Those that are not exempt, with a measured time."""
        return [one for one in self.counted if one.measured]

    @cached_property
    def timed_here(self) -> Sequence[RuledClaim]:
        """Those that are not exempt, with a measured time, at the site."""
        return [one for one in self.timed if one.place is _SITE]

    @cached_property
    def by_code(self) -> Mapping[str, Sequence[RuledClaim]]:
        """All, by the code of their service."""
        found: dict[str, list[RuledClaim]] = {}
        for one in self.claims:
            found.setdefault(one.judged.claim.service.service_code, []).append(one)
        return found

    @cached_property
    def by_patient(self) -> Mapping[UUID, Sequence[RuledClaim]]:
        """All, by their patient."""
        found: dict[UUID, list[RuledClaim]] = {}
        for one in self.claims:
            found.setdefault(one.judged.claim.patient_id, []).append(one)
        return found

    @cached_property
    def by_practitioner(self) -> Mapping[str, Sequence[RuledClaim]]:
        """All, by who bills them."""
        found: dict[str, list[RuledClaim]] = {}
        for one in self.claims:
            found.setdefault(one.judged.claim.service.practitioner_ref, []).append(one)
        return found

    def own_appointment(self, one: JudgedClaim) -> AppointmentFacts | None:
        """Return the appointment a claim goes with: the same patient's, and of this day."""
        named = one.appointment
        if named is None or named.patient_id != one.claim.patient_id:
            return None
        return named if self.premises.day_of(named.starts_at) == self.day else None
