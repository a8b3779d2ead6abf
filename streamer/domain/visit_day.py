"""Everything of one day of the site that verdicts and rules need. Read by `storage`, day by day."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from streamer.domain.appointment_facts import AppointmentFacts
from streamer.domain.claim_facts import ClaimFacts
from streamer.domain.patient_facts import PatientFacts
from streamer.domain.screening_step import ScreeningStep
from streamer.domain.visit_evidence import VisitEvidence


@dataclass(frozen=True, slots=True)
class VisitDay:
    """A day in the site's time.

    Attributes:
        appointments: Those that begin on it, in order of their start.
        claims: Of services performed on it, in that order.
        elsewhere: Appointments of other days that claims of this one name.
        evidence: Of these appointments, and whatever else their patients left on that day.
        patients: Everybody who has an appointment or a claim.
        unlooked: Appointments whose patient was perhaps seen, in a review that nobody decided.
        steps: Of these patients' screenings, what was billed before and after.
    """

    day: date
    appointments: tuple[AppointmentFacts, ...]
    claims: tuple[ClaimFacts, ...]
    elsewhere: Mapping[UUID, AppointmentFacts]
    evidence: tuple[VisitEvidence, ...]
    patients: Mapping[UUID, PatientFacts]
    unlooked: frozenset[UUID]
    steps: Mapping[UUID, tuple[ScreeningStep, ...]]
