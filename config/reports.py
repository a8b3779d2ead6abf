"""The settings of reports: what covers a visit, and what the sanity rules ask."""

import re
from typing import Final

from pydantic import Field, field_validator

from config.section import Fraction, Identifier, Section

RULES: Final = (
    "too_many_per_day",
    "too_many_per_hour",
    "patient_overlap",
    "practitioner_overlap",
    "outside_hours",
    "on_holiday",
    "patient_deceased",
    "patient_not_attached",
    "wrong_sex",
    "wrong_age",
    "screening_order",
    "duplicate",
    "one_arrival",
    "weak_evidence",
    "substituted",
    "billed_elsewhere",
    "wrong_appointment",
)
# Where many patients are seen in a short time: laboratory, vaccination, groups, as departments and
# services are called here in three languages.
_EXEMPT: Final = (
    "laborat",
    "лаборат",
    "зертхана",
    "vaccin",
    "вакцин",
    "привив",
    "екпе",
    "group",
    "группов",
    "топтық",
)
LEAST_COVERAGE: Final = 0.95
"""Below it somebody may well have come by an entrance that nobody watched."""
_FITS: Final = re.compile(
    r"(?:(?P<sex>female|male)(?: |$))?(?:(?P<least>\d{1,3})-(?P<most>\d{0,3}))?"
)


class Reports(Section):
    """What reports take for covered, and the sanity rules of claims (docs/reports.md)."""

    full_coverage: float = Field(
        LEAST_COVERAGE,
        ge=LEAST_COVERAGE,
        le=1.0,
        description="share of a window in which every patient entrance must have been analysed "
        "before it may be said that nobody came",
    )
    entrances: dict[str, tuple[Identifier, ...]] = Field(
        default_factory=dict,
        description="building to its patient entrances, those without a camera too, as "
        "{main: [front, side]}; a building not named here has those that its cameras name",
    )
    rules_off: tuple[str, ...] = Field(
        (), description="codes of sanity rules that are not to be evaluated"
    )
    exempt: tuple[str, ...] = Field(
        _EXEMPT,
        description="services of which there may be any number a day, and that may overlap: what "
        "their code, or a word of their name or department, begins with",
    )
    per_day: int = Field(
        60, ge=1, description="too_many_per_day: patients a practitioner can see on a day"
    )
    per_hour: int = Field(
        12, ge=1, description="too_many_per_hour: patients a practitioner can see within an hour"
    )
    per_day_of: dict[str, int] = Field(
        default_factory=dict, description="department to its own number of patients a day"
    )
    per_hour_of: dict[str, int] = Field(
        default_factory=dict, description="department to its own number of patients an hour"
    )
    overlap_min: float = Field(
        3.0,
        gt=0,
        le=60,
        description="patient_overlap and practitioner_overlap: the least a visit takes",
    )
    hours_tolerance_min: float = Field(
        30.0, ge=0, le=240, description="outside_hours: so long before and after is within them"
    )
    attachment_payers: tuple[str, ...] = Field(
        (),
        description="patient_not_attached: payers who pay for attached patients only; empty = all",
    )
    fits: dict[str, str] = Field(
        default_factory=dict,
        description="wrong_sex and wrong_age: what a service's code begins with to whom it is for, "
        "as {A02.01: female 18-49, A07: 0-17, A08: male, A09: 65-}",
    )
    screenings: dict[str, tuple[str, ...]] = Field(
        default_factory=dict,
        description="screening_order: a screening's name to the codes of its steps, in their order",
    )
    screening_days: int = Field(
        180, ge=1, le=1826, description="screening_order: steps farther apart are different rounds"
    )
    times_per_day: int = Field(
        1, ge=1, le=20, description="duplicate: how often a patient may get a service on a day"
    )
    repeatable: tuple[str, ...] = Field(
        (),
        description="duplicate: what the codes of services begin with that may be given any number "
        "of times a day",
    )
    practitioners_per_arrival: int = Field(
        3, ge=1, le=50, description="one_arrival: practitioners whom one arrival may serve"
    )
    weak_share: Fraction = Field(
        0.15,
        description="weak_evidence: share of a practitioner's visits that may rest on manual and "
        "desk_code evidence",
    )
    weak_enrolled: Fraction = Field(
        0.5,
        description="weak_evidence: evaluated once this share of the site's visits is of enrolled "
        "patients; below it, it would be unfair",
    )
    least_visits: int = Field(
        50, ge=50, description="a practitioner with fewer visits is compared with nobody"
    )
    false_discovery: float = Field(
        0.01,
        gt=0,
        le=0.05,
        description="of the practitioners who stand out, this share may do so by chance",
    )

    reply_days: int = Field(
        14,
        ge=0,
        le=366,
        description="a report is preliminary for so many days after its period, or after it was "
        "first made if that is later; practitioners can answer meanwhile",
    )
    call_backs: int = Field(
        20, ge=0, le=500, description="how many visits are drawn whose patients are to be asked"
    )

    remade_at: str = Field(
        "04:30",
        pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$",
        description="when preliminary reports are made again each day, in the site's time: a new "
        "revision where late data or answers have changed anything",
    )

    @property
    def remade_cron(self) -> str:
        """The daily moment as a cron line."""
        hour, _, minute = self.remade_at.partition(":")
        return f"{int(minute)} {int(hour)} * * *"

    @field_validator("full_coverage", mode="before")
    @classmethod
    def _covered(cls, value: object) -> object:
        if isinstance(value, int | float) and value < LEAST_COVERAGE:
            raise ValueError(
                f"must be {LEAST_COVERAGE} or more: of a window that was watched less nobody can "
                "say that nobody came"
            )
        return value

    @field_validator("rules_off")
    @classmethod
    def _known_rules(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for code in value:
            if code not in RULES:
                raise ValueError(f"{code!r} is no rule; known: {', '.join(RULES)}")
        return value

    @field_validator("per_day_of", "per_hour_of")
    @classmethod
    def _at_least_one(cls, value: dict[str, int]) -> dict[str, int]:
        for department, most in value.items():
            if most < 1:
                raise ValueError(f"{department}: must be 1 or more")
        return value

    @field_validator("fits")
    @classmethod
    def _readable_fits(cls, value: dict[str, str]) -> dict[str, str]:
        for service, whom in value.items():
            parse_fit(service, whom)
        return value

    @field_validator("screenings")
    @classmethod
    def _steps(cls, value: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        for name, steps in value.items():
            if len(steps) < 2 or len(set(steps)) != len(steps):
                raise ValueError(f"{name}: name two steps or more, each once")
        return value


def parse_fit(service: str, whom: str) -> tuple[str | None, int | None, int | None]:
    """Return sex, least and highest age that a service is for; None = any.

    Raises:
        ValueError: It can't be read.
    """
    found = _FITS.fullmatch(whom.strip())
    if found is None or not whom.strip():
        raise ValueError(f"{service}: {whom!r} can't be read; write for example female 18-49")
    least = int(found["least"]) if found["least"] else None
    most = int(found["most"]) if found["most"] else None
    if least is not None and most is not None and most < least:
        raise ValueError(f"{service}: {whom!r} ends before it begins")
    return found["sex"], least, most
