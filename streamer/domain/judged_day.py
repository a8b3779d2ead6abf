"""Appointments and claims together with what was found about them. Made by `reports.judge`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import msgspec

from streamer.domain.appointment_facts import AppointmentFacts
from streamer.domain.claim_facts import ClaimFacts
from streamer.domain.patient_facts import PatientFacts
from streamer.domain.rule_code import RuleCode
from streamer.domain.rule_finding import RuleFinding
from streamer.domain.rule_summary import RuleSummary
from streamer.domain.verdict import Verdict


class JudgedAppointment(msgspec.Struct, frozen=True, gc=False):
    """An appointment and its verdict.

    Attributes:
        took_place: Does the clinic say that there was a visit (arrived, checked in, fulfilled)?
    """

    appointment: AppointmentFacts
    patient: PatientFacts
    verdict: Verdict
    took_place: bool


class JudgedClaim(msgspec.Struct, frozen=True, gc=False):
    """A claim, its verdict, and the rules it stands out by.

    What takes the whole period, such as `weak_evidence` and a practitioner's rate, comes later.

    Attributes:
        appointment: The one it names, of whatever day.
    """

    claim: ClaimFacts
    patient: PatientFacts
    appointment: AppointmentFacts | None
    verdict: Verdict
    findings: tuple[RuleFinding, ...] = ()


@dataclass(frozen=True, slots=True)
class JudgedDay:
    """A day of the site."""

    day: date
    appointments: tuple[JudgedAppointment, ...]
    claims: tuple[JudgedClaim, ...]
    summaries: Mapping[RuleCode, RuleSummary]

    def claim(self, claim_id: UUID) -> JudgedClaim | None:
        """Return one of its claims."""
        return next((one for one in self.claims if one.claim.claim_id == claim_id), None)
