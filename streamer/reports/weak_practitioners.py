"""Whose visits rest on weak evidence more often than the settings allow, beyond chance. Pure."""

from collections.abc import Mapping

from config.settings import Reports
from streamer.domain.rule_code import RuleCode
from streamer.domain.rule_summary import NotEvaluated
from streamer.reports.rules.weak_evidence import WeakEvidence
from streamer.reports.statistics import binomial_tail, false_discovery_rates
from streamer.reports.visit_counts import Count


def weak_practitioners(counts: Mapping[tuple[str, bool], Count], settings: Reports) -> WeakEvidence:
    """Look at every practitioner with enough verified visits.

    Where few patients are enrolled, many have to come by the desk, and it is nobody's fault.

    Args:
        counts: Of the period.
        settings: The share allowed, and from which share of enrolled visits on it is fair to ask.
    """
    if RuleCode.WEAK_EVIDENCE.value in settings.rules_off:
        return WeakEvidence(NotEvaluated.SWITCHED_OFF, settings.weak_share)
    visits = sum(count.visits for count in counts.values())
    enrolled = sum(count.visits for (_, group), count in counts.items() if group)
    if not visits or enrolled / visits < settings.weak_enrolled:
        return WeakEvidence(NotEvaluated.NOT_FAIR_YET, settings.weak_share)
    together: dict[str, tuple[int, int]] = {}
    for (practitioner_ref, _), count in counts.items():
        weak, verified = together.get(practitioner_ref, (0, 0))
        together[practitioner_ref] = (weak + count.weak, verified + count.verified)
    shares = {
        one: (weak, verified)
        for one, (weak, verified) in sorted(together.items())
        if verified >= settings.least_visits
    }
    rates = false_discovery_rates(
        [binomial_tail(weak, verified, settings.weak_share) for weak, verified in shares.values()]
    )
    above = frozenset(
        one for one, rate in zip(shares, rates, strict=True) if rate <= settings.false_discovery
    )
    return WeakEvidence(None, settings.weak_share, shares, above)
