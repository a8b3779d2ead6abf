"""Schedules of reports: which are made by themselves, when, and where they go."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from streamer.domain.consent import Language
from streamer.web.fields import Named
from streamer.web.models.base import Answer, Sent
from streamer.web.models.jobs import JobRun
from streamer.web.report_ports import ReportForm

Kind = Literal["day", "week", "month"]
Cron = Annotated[
    str,
    StringConstraints(min_length=9, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$"),
    Field(
        examples=["30 6 * * mon"],
        description="in the site's time: minute, hour, day of the month, month, day of the week "
        "(mon to sun); once a day at most",
    ),
]
Forms = Annotated[list[ReportForm], Field(min_length=1, max_length=len(ReportForm))]
To = Annotated[
    list[Named],
    Field(max_length=50, description="ids of destinations of the settings; empty = it is made"),
]


class ReportSchedule(Answer):
    """One schedule; its job is called `report-` and its id."""

    id: str
    kind: Kind = Field(description="which period: always the latest that has ended")
    cron: str
    forms: list[str]
    language: str
    to: list[str]
    every_revision: bool
    source: Literal["settings", "console"] = Field(
        description="those of the settings are changed there"
    )
    paused: bool
    runs: bool = Field(description="false = paused, or the settings have one of the same id")
    changed_by: str | None = Field(description="null = it stands in the settings")
    changed_at: datetime | None
    next_due_at: datetime | None = Field(description="null = it does not run")
    last: JobRun | None = Field(
        description="its newest run; null = it never ran. The error is told to those who may read "
        "jobs"
    )


class NewReportSchedule(Sent):
    """A schedule to add."""

    id: Named = Field(examples=["weekly"], description="never given twice, nor one of the settings")
    kind: Kind
    cron: Cron
    forms: Forms = Field([ReportForm.PDF])
    language: Language = Language.RU
    to: To = Field([])
    every_revision: bool = Field(
        False, description="send what late data and answers change, too; else the first and final"
    )


class ReportScheduleChange(Sent):
    """What is to be changed of one: what is left out stays. Its kind can't be changed."""

    cron: Cron | None = None
    forms: Forms | None = None
    language: Language | None = None
    to: To | None = None
    every_revision: bool | None = None
    paused: bool | None = Field(None, description="true = nothing is made or sent by it")


class ReportScheduleRemoved(Answer):
    """It is in force no more, and its name is not given again."""

    id: str
