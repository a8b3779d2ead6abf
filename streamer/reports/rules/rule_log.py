"""Collects what a sanity rule finds, and counts what it could not look at."""

from collections.abc import Mapping

from streamer.domain.judged_day import JudgedClaim
from streamer.domain.rule_code import RuleCode
from streamer.domain.rule_finding import Parameter, RuleFinding
from streamer.domain.rule_summary import NotEvaluated, RuleSummary


class RuleLog:
    """Of one rule, over one day or one period."""

    def __init__(self, code: RuleCode) -> None:
        """Begin with nothing."""
        self.code = code
        self.findings: list[RuleFinding] = []
        self._evaluated = 0
        self._skipped: dict[NotEvaluated, int] = {}

    def looked(self, claims: int = 1) -> None:
        """So many claims could be looked at."""
        self._evaluated += claims

    def skipped(self, reason: NotEvaluated, claims: int = 1) -> None:
        """So many could not."""
        if claims:
            self._skipped[reason] = self._skipped.get(reason, 0) + claims

    def found(
        self,
        claim: JudgedClaim,
        parameters: Mapping[str, Parameter],
        others: tuple[str, ...] = (),
    ) -> None:
        """A claim stands out, which `looked` has counted."""
        given = claim.claim
        self.findings.append(
            RuleFinding(self.code, given.claim_id, given.service.claim_ref, parameters, others)
        )

    def summary(self) -> RuleSummary:
        """Return the counts; a claim found more than once counts once."""
        found = len({one.claim_id for one in self.findings})
        return RuleSummary(self.code, self._evaluated, found, dict(self._skipped))
