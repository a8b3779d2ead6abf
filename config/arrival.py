"""The windows around an appointment: in which it is arrived at, and in which one is recognised."""

from typing import Self

from pydantic import Field, model_validator

from config.section import Section


class Arrival(Section):
    """When an appointment's windows are open, around its start."""

    opens_before_min: int = Field(
        120, ge=0, le=1440, description="so long before its start it can be arrived at"
    )
    closes_after_min: int = Field(30, ge=0, le=1440, description="and so long after its start")
    presence_before_min: int = Field(
        240,
        ge=0,
        le=1440,
        description="so long before its start a patient is recognised and leaves a presence, and "
        "digits for it are known; never shorter than opens_before_min, and the gallery grows with "
        "it",
    )
    presence_after_min: int = Field(
        240,
        ge=0,
        le=1440,
        description="and so long after its start on days without site.opening_hours; on others "
        "until the site closes",
    )
    enter_afterwards_days: int = Field(
        3,
        ge=0,
        le=14,
        description="so many days later the times of a sheet that was kept on paper may still be "
        "entered; 0 = on the same day only",
    )
    refresh_s: float = Field(1.0, gt=0, le=60, description="how often the gallery is reloaded")

    @model_validator(mode="after")
    def _window_has_a_length(self) -> Self:
        if not self.opens_before_min and not self.closes_after_min:
            raise ValueError(
                "opens_before_min and closes_after_min are both 0, so nobody could ever arrive; "
                "make one of them larger"
            )
        return self

    @model_validator(mode="after")
    def _presence_surrounds_arrival(self) -> Self:
        """Only what was written is refused: the defaults widen by themselves."""
        pairs = (
            ("presence_before_min", "opens_before_min"),
            ("presence_after_min", "closes_after_min"),
        )
        for outer, inner in pairs:
            if outer in self.model_fields_set and getattr(self, outer) < getattr(self, inner):
                raise ValueError(
                    f"{outer} must not be smaller than {inner}: who can arrive must be recognised"
                )
        return self
