"""Evidence that staff can make alone, more often than can be explained. Over a whole period.

Who that is of `reports/weak_practitioners` finds out.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from streamer.domain.judged_day import JudgedClaim
from streamer.domain.rule_code import RuleCode
from streamer.domain.rule_finding import Parameter, RuleFinding
from streamer.domain.rule_summary import NotEvaluated
from streamer.domain.verdict import VerdictGrade

CODE = RuleCode.WEAK_EVIDENCE

WEAK = frozenset({VerdictGrade.MANUAL, VerdictGrade.DESK_CODE})


@dataclass(frozen=True, slots=True)
class WeakEvidence:
    """What the rule says about practitioners, once all visits of a period are counted.

    Attributes:
        refused: Why nobody is looked at; None = somebody is.
        shares: Of every practitioner with enough verified visits: weak ones among them.
        above: Those above the share that the settings allow, beyond chance.
    """

    refused: NotEvaluated | None
    allowed: float
    shares: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    above: frozenset[str] = frozenset()

    def skipped(self, claim: JudgedClaim) -> NotEvaluated | None:
        """Why a claim can't be looked at; None = it can."""
        return self.skipped_of(claim.claim.service.practitioner_ref, claim.verdict.grade)

    def skipped_of(self, practitioner_ref: str, grade: VerdictGrade | None) -> NotEvaluated | None:
        """As `skipped`, of whoever bills and what the verdict rests on."""
        if self.refused is not None:
            return self.refused
        if grade is None:
            return NotEvaluated.NO_EVIDENCE
        return None if practitioner_ref in self.shares else NotEvaluated.TOO_FEW

    def finding(self, claim: JudgedClaim) -> RuleFinding | None:
        """Return what is said of a claim: it rests on such evidence, of such a practitioner."""
        service = claim.claim.service
        if not self.finds(service.practitioner_ref, claim.verdict.grade):
            return None
        return self.finding_of(service.practitioner_ref, claim.claim.claim_id, service.claim_ref)

    def finds(self, practitioner_ref: str, grade: VerdictGrade | None) -> bool:
        """Does a claim of this grade stand out?"""
        return grade in WEAK and practitioner_ref in self.above

    def finding_of(self, practitioner_ref: str, claim_id: UUID, claim_ref: str) -> RuleFinding:
        """Return what is said of a claim that stands out."""
        weak, visits = self.shares[practitioner_ref]
        said: dict[str, Parameter] = {
            "practitioner": practitioner_ref,
            "weak": weak,
            "visits": visits,
            "share": weak / visits,
            "most": self.allowed,
        }
        return RuleFinding(CODE, claim_id, claim_ref, said)
