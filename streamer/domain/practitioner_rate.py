"""How often a practitioner's visits are `unverified`, beside the site's. Made by `reports`."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PractitionerRate:
    """Of one practitioner, among patients who were enrolled or among those who were not.

    Attributes:
        visits: Visits in covered windows: verified and unverified ones.
        site_rate: Share of `unverified` of the whole site, in the same group of patients.
        p_value: Exact binomial: so many or more at the site's rate. None = too few visits.
        q_value: After Benjamini and Hochberg: the false discovery rate at which it would stand out.
        above: Does it stand above the site's?
    """

    practitioner_ref: str
    enrolled: bool
    visits: int
    unverified: int
    site_rate: float
    p_value: float | None
    q_value: float | None
    above: bool
