"""Whose visits are `unverified` more often than the site's, beyond chance. Pure."""

from collections.abc import Mapping

from config.settings import Reports
from streamer.domain.practitioner_rate import PractitionerRate
from streamer.reports.statistics import binomial_tail, false_discovery_rates
from streamer.reports.visit_counts import Count


def practitioner_rates(
    counts: Mapping[tuple[str, bool], Count], settings: Reports
) -> list[PractitionerRate]:
    """Compare every practitioner with the site, enrolled and other patients apart.

    The exact binomial test at the site's own rate, and Benjamini-Hochberg over all that are
    compared. The practitioner's visits are part of the site's: that lowers what stands out, never
    raises it.

    Args:
        counts: By practitioner and whether the patients were enrolled.
        settings: How many visits it takes, and the false discovery rate.

    Returns:
        In order of reference; those with too few visits, too, without a probability.
    """
    site_rates = {enrolled: _site_rate(counts, enrolled) for enrolled in (True, False)}
    ordered = sorted(counts.items())
    compared = [
        (key, binomial_tail(count.unverified, count.visits, site_rates[key[1]]))
        for key, count in ordered
        if count.visits >= settings.least_visits
    ]
    rates = false_discovery_rates([p_value for _, p_value in compared])
    tested = {key: (p, q) for (key, p), q in zip(compared, rates, strict=True)}
    found: list[PractitionerRate] = []
    for key, count in ordered:
        p_value, q_value = tested.get(key, (None, None))
        site_rate = site_rates[key[1]]
        above = q_value is not None and q_value <= settings.false_discovery
        found.append(
            PractitionerRate(
                practitioner_ref=key[0],
                enrolled=key[1],
                visits=count.visits,
                unverified=count.unverified,
                site_rate=site_rate,
                p_value=p_value,
                q_value=q_value,
                above=above and count.unverified > count.visits * site_rate,
            )
        )
    return found


def _site_rate(counts: Mapping[tuple[str, bool], Count], enrolled: bool) -> float:
    own = [count for (_, group), count in counts.items() if group is enrolled]
    visits = sum(count.visits for count in own)
    return sum(count.unverified for count in own) / visits if visits else 0.0
