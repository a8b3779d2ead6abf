"""The settings of reports that are made by themselves."""

from typing import Literal

from pydantic import Field, field_validator

from config.cron import checked_cron
from config.section import Identifier, Section

Form = Literal["html", "pdf", "xlsx", "csv", "json"]


class ReportSchedule(Section):
    """One report that is made and sent by itself (docs/reports.md)."""

    id: Identifier = Field(description="name of this schedule; its job is called report-<id>")
    kind: Literal["day", "week", "month"] = Field(
        description="which period: always the latest that has ended"
    )
    cron: str = Field(
        description="when, in the site's time: minute, hour, day of the month, month, day of the "
        "week (mon to sun), as 30 6 * * mon; a period is done once, however often that is"
    )
    forms: tuple[Form, ...] = Field(("pdf",), description="in which forms it is sent")
    language: Literal["kk", "ru", "en"] = Field("ru", description="in which language")
    to: tuple[str, ...] = Field(
        (), description="ids of destinations; empty = it is made, and lies in the console"
    )
    every_revision: bool = Field(
        False,
        description="send what late data and answers change, too; else the first revision and the "
        "final one",
    )

    @field_validator("id")
    @classmethod
    def _own_name(cls, value: str) -> str:
        if value == "revisions":
            raise ValueError("revisions is the name of what makes preliminary reports again")
        return value

    @field_validator("cron")
    @classmethod
    def _readable_cron(cls, value: str) -> str:
        return checked_cron(value)

    @field_validator("forms")
    @classmethod
    def _forms_once(cls, value: tuple[Form, ...]) -> tuple[Form, ...]:
        if not value or len(set(value)) != len(value):
            raise ValueError("name one form or more, each once")
        return value
