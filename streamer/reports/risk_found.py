"""Whom a period's counts tell apart from chance. Made by `risk`; all that rows ask of it.

Small and plain: other processes get it, and need no library of statistics for it.
"""

from dataclasses import dataclass

from streamer.reports.rules.weak_evidence import WeakEvidence


@dataclass(frozen=True, slots=True)
class RiskFound:
    """What is certain of claims once the last day was counted.

    Attributes:
        above: Practitioners, and whether it is so of enrolled patients, whose rate of `unverified`
            stands above the site's.
    """

    above: frozenset[tuple[str, bool]]
    weak: WeakEvidence
