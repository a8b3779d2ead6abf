"""Which claims are at risk: by a rule or their practitioner's rate, never by `unverified` alone.

Two steps: all days of the period are counted, then claims are asked about, in any order.
"""

from collections.abc import Mapping, Sequence

from config.settings import Reports
from streamer.domain.claim_risk import ClaimRisk
from streamer.domain.judged_day import JudgedClaim
from streamer.domain.practitioner_rate import PractitionerRate
from streamer.domain.verdict import VerdictKind
from streamer.reports.practitioner_rates import practitioner_rates
from streamer.reports.risk_found import RiskFound
from streamer.reports.rules.weak_evidence import WeakEvidence
from streamer.reports.visit_counts import Count
from streamer.reports.weak_practitioners import weak_practitioners


class PeriodRisk:
    """Of one period, once it is counted."""

    def __init__(self, counts: Mapping[tuple[str, bool], Count], settings: Reports) -> None:
        """Compare the practitioners; `counts` are `VisitCounts.counts` of the whole period."""
        self._rates = practitioner_rates(counts, settings)
        self._above = {
            (one.practitioner_ref, one.enrolled): one for one in self._rates if one.above
        }
        self._weak = weak_practitioners(counts, settings)

    @property
    def rates(self) -> Sequence[PractitionerRate]:
        """Everybody's, those who stand out or not."""
        return self._rates

    @property
    def weak_evidence(self) -> WeakEvidence:
        """What the rule about evidence that staff can make alone has found."""
        return self._weak

    @property
    def found(self) -> RiskFound:
        """What rows ask."""
        return RiskFound(frozenset(self._above), self._weak)

    def of(self, claim: JudgedClaim) -> ClaimRisk | None:
        """Return why a claim is at risk; None = it is not."""
        findings = [one for one in claim.findings if not one.code.information_only]
        weak = self._weak.finding(claim)
        if weak is not None:
            findings.append(weak)
        rate = None
        if claim.verdict.kind is VerdictKind.UNVERIFIED:
            practitioner_ref = claim.claim.service.practitioner_ref
            rate = self._above.get((practitioner_ref, claim.patient.enrolled))
        if not findings and rate is None:
            return None
        given = claim.claim
        return ClaimRisk(given.claim_id, given.service.claim_ref, tuple(findings), rate)
