"""Why a claim is at risk. Made by `reports.risk`; `unverified` alone is never a reason."""

from dataclasses import dataclass
from uuid import UUID

from streamer.domain.practitioner_rate import PractitionerRate
from streamer.domain.rule_finding import RuleFinding


@dataclass(frozen=True, slots=True)
class ClaimRisk:
    """A claim at risk: by a rule, which is certain, or by its practitioner's rate, an estimate.

    Attributes:
        findings: Of the rules; without those that are for information.
        rate: Of its practitioner, where that stands above the site's and the claim is `unverified`.
    """

    claim_id: UUID
    claim_ref: str
    findings: tuple[RuleFinding, ...]
    rate: PractitionerRate | None

    @property
    def certain(self) -> bool:
        """Does a rule say so?"""
        return bool(self.findings)
