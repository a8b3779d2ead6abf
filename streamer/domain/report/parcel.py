"""A revision of a report as it is sent. Made by `reporting/sending`, sent by `exchange`."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from streamer.domain.report.period import Period
from streamer.domain.report.revision import ReportState


@dataclass(frozen=True, slots=True)
class ReportFile:
    """One form of it: holds references of patients."""

    name: str
    media_type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Parcel:
    """What a destination gets.

    Attributes:
        delivery_id: The same with every try, so that a receiver can tell that it has it already.
        digest: As it is printed.
        made_at: Aware.
        link: To the console; None = none was asked for.
        files: Empty where a link is all that is brought.
    """

    delivery_id: UUID
    report_id: UUID
    number: int
    period: Period
    state: ReportState
    site_id: str
    site_name: str
    language: str
    digest: str
    made_at: datetime
    link: str | None = None
    files: tuple[ReportFile, ...] = ()

    @property
    def name(self) -> str:
        """What a folder of it is called; another revision's has another name."""
        days = "_".join(dict.fromkeys((str(self.period.first), str(self.period.last))))
        kind = self.period.kind.value
        return f"appointment-match_{kind}_{days}_{self.site_id}_r{self.number}_{self.language}"

    def with_files(self, files: Iterable[ReportFile]) -> "Parcel":
        """The same, with files."""
        return replace(self, files=tuple(files))
