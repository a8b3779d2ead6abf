"""What the settings have a period's facts hold beyond the usual. Used by `storage.visit_days`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class ReportWants:
    """Whatever is not wanted is not read.

    Attributes:
        before: Evidence may come so long before an appointment's start,
        after: and so long after it.
        profile_codes: Beginnings of service codes whose patients' sex and birth date are asked for;
            in small letters.
        screening_codes: Codes of the steps of screenings.
        screening_reach: Steps are looked for so far from a claim.
        buildings: Of cameras and devices, by their ids: where evidence is from.
        producers: Account to the practitioners they are or speak for, as the settings have it.
    """

    before: timedelta = timedelta(minutes=240)
    after: timedelta = timedelta(hours=24)
    profile_codes: tuple[str, ...] = ()
    screening_codes: frozenset[str] = frozenset()
    screening_reach: timedelta = timedelta(days=180)
    buildings: Mapping[str, str] = field(default_factory=dict)
    producers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
