"""The settings of retention: how long what is kept, and when what is too old is deleted."""

from datetime import time

from pydantic import Field, field_validator

from config.section import Fraction, Section

# Five years, leap days included: a proposal, for the clinic's counsel to set.
_FIVE_YEARS = 1826
_WORDS = "deleted so many days after "


class Retention(Section):
    """How long what is kept; every term is for the clinic's counsel to set. Templates have none."""

    at: str = Field("03:30", description="when it is looked at each day, in the site's time")
    most_share: Fraction = Field(
        0.5,
        description="the daily run refuses to delete a greater share of anything at once: the "
        "clock or a term may be wrong; `kirdi retention run --anyway` does it",
    )
    codes_days: int = Field(_FIVE_YEARS, ge=7, description=_WORDS + "the code's end")
    attempts_days: int = Field(
        90, ge=7, description=_WORDS + "the last wrong code; counters by device and patient"
    )
    presences_days: int = Field(_FIVE_YEARS, ge=7, description=_WORDS + "the sighting")
    reviews_days: int = Field(
        _FIVE_YEARS, ge=7, description=_WORDS + "the decision; blocks of a day as well"
    )
    check_ins_days: int = Field(
        _FIVE_YEARS, ge=30, description=_WORDS + "the arrival; changes of status as well"
    )
    claims_days: int = Field(
        _FIVE_YEARS, ge=30, description=_WORDS + "the service was given; billed services"
    )
    confirmations_days: int = Field(
        _FIVE_YEARS, ge=7, description=_WORDS + "the ministry's system confirmed a visit"
    )
    appointments_days: int = Field(
        _FIVE_YEARS,
        ge=30,
        description=_WORDS + "its start, and not while anything of the above belongs to it",
    )
    consents_days: int = Field(
        _FIVE_YEARS,
        ge=30,
        description=_WORDS + "its end, and not while something is kept that rests on it",
    )
    patients_days: int = Field(
        _FIVE_YEARS,
        ge=30,
        description=_WORDS + "the last change of who died, left or is not attached, and not while "
        "anything of theirs is kept",
    )
    receipts_days: int = Field(
        _FIVE_YEARS,
        ge=30,
        description=_WORDS + "the erasure, and not before the log and the last backup are clean",
    )
    reports_days: int = Field(
        _FIVE_YEARS, ge=30, description=_WORDS + "the period's last day; all revisions with rows"
    )
    match_counts_days: int = Field(_FIVE_YEARS, ge=7, description=_WORDS + "the day counted")
    camera_uptime_days: int = Field(_FIVE_YEARS, ge=7, description=_WORDS + "the period's end")
    tokens_days: int = Field(
        366, ge=7, description=_WORDS + "an API token ended or was revoked; the audit keeps both"
    )
    audit_days: int = Field(
        _FIVE_YEARS,
        ge=30,
        description=_WORDS + "the event; records of comparisons, jobs and retention as well",
    )

    @field_validator("at")
    @classmethod
    def _readable_time(cls, value: str) -> str:
        try:
            at = time.fromisoformat(value)
        except ValueError as error:
            raise ValueError(f"{value!r} is no time of day; write for example 03:30") from error
        if at.second or at.microsecond or at.tzinfo is not None:
            raise ValueError(f"{value!r}: write hours and minutes only, as 03:30")
        return value

    @property
    def cron(self) -> str:
        """The daily moment as a cron line."""
        at = time.fromisoformat(self.at)
        return f"{at.minute} {at.hour} * * *"

    @property
    def days(self) -> dict[str, int]:
        """Every term, by its name without `_days`."""
        return {
            name.removesuffix("_days"): getattr(self, name)
            for name in type(self).model_fields
            if name.endswith("_days")
        }
