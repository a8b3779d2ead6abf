"""The settings of consents: their term, whose they are, and what the texts say of the clinic."""

from pydantic import Field

from config.section import Section


class Consent(Section):
    """How long a consent holds, who may give one, and what is read to the patient."""

    term_days: int = Field(
        365, ge=1, le=3650, description="a consent ends so many days after it was given"
    )
    minimum_age: int = Field(
        14,
        ge=0,
        le=18,
        description="nobody younger is enrolled; from it to 18 a guardian has to consent",
    )
    backups_kept_days: int = Field(
        30,
        ge=0,
        le=3650,
        description="how long backups of the database are kept; receipts of erasure rest on it",
    )
    operator: str | None = Field(
        None, min_length=1, description="the legal name that the texts give; null = site.name"
    )
    contact: str | None = Field(
        None,
        min_length=1,
        description="where to ask and to withdraw, such as a telephone; null = the reception",
    )
    third_parties: tuple[str, ...] = Field(
        (), description="who else handles the data on the clinic's behalf, by name"
    )
