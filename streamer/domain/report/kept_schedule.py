"""A report's schedule that somebody added in the console, as it is kept."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptSchedule:
    """Its fields mean what those of `config.report_schedule` mean.

    Attributes:
        to: Ids of destinations, which only the settings know.
        paused: Nothing is made or sent by it.
        changed_by: Who added it, or changed it last.
        changed_at: When, aware.
    """

    schedule_id: str
    kind: str
    cron: str
    forms: tuple[str, ...]
    language: str
    to: tuple[str, ...]
    every_revision: bool
    paused: bool
    changed_by: str
    changed_at: datetime
