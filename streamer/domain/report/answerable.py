"""A row that its practitioner may answer."""

from dataclasses import dataclass

from streamer.domain.report.revision import RevisionEntry
from streamer.domain.report.row import ReportRow


@dataclass(frozen=True, slots=True)
class Answerable:
    """A row, in the one of the reports about it that takes answers longest.

    Attributes:
        entry: The report's newest revision.
    """

    entry: RevisionEntry
    row: ReportRow
