"""A report as it was made once. A later one about the same period is another revision."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from streamer.domain.report.period import Period
from streamer.domain.report.report import Report


class ReportState(StrEnum):
    """May practitioners still answer?"""

    PRELIMINARY = "preliminary"
    FINAL = "final"


@dataclass(frozen=True, slots=True)
class RevisionEntry:
    """A line of the list of reports.

    Attributes:
        report_id: Of all revisions about the same site and period.
        number: From 1 on.
        made_by: Account, or the service.
        digest: 32 bytes, over the whole site's report and all of its rows.
        final_on: When answers end or ended; aware, UTC.
    """

    report_id: UUID
    number: int
    period: Period
    state: ReportState
    made_at: datetime
    made_by: str
    digest: bytes
    final_on: datetime
    appointments: int
    unverified: int


@dataclass(frozen=True, slots=True)
class Revision:
    """One of them, whole.

    Attributes:
        report: The whole site's, or what a scope leaves of it.
        digest: Over `report` and its rows in this scope: what is printed and checked.
        changes: What differs from the revision before, by name of the figure: before and after.
    """

    entry: RevisionEntry
    report: Report
    digest: bytes
    changes: Mapping[str, tuple[int, int]]
