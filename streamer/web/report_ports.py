"""What routes and pages of reports ask for. Filled by `streamer.api.reports`."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from streamer.domain.actor import Actor
from streamer.domain.consent import Language
from streamer.domain.report.delivery import DeliveryEntry
from streamer.domain.report.period import Period
from streamer.domain.report.revision import Revision, RevisionEntry
from streamer.domain.report.row import ReportRow, RowKind
from streamer.domain.report.rows_wanted import RowsWanted
from streamer.domain.report.scope import WHOLE_SITE, Scope

Links = Callable[[Scope | date | RowsWanted], str]
"""Where a group's part of a report is, a day's rows, or those a total was counted from."""


class ReportForm(StrEnum):
    """What a report can be had as."""

    PDF = "pdf"
    XLSX = "xlsx"
    HTML = "html"
    CSV = "csv"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class ReportAsked:
    """Which report, and how much of it.

    Attributes:
        number: The revision; None = the newest.
        own: It is for the practitioner whom it is about: whom to call back is not told.
        pseudonymous: Under pseudonyms; rows only of patients who agreed that the payer is told.
    """

    report_id: UUID
    number: int | None = None
    scope: Scope = WHOLE_SITE
    own: bool = False
    pseudonymous: bool = False


class MakingState(StrEnum):
    """How the last making goes."""

    NONE = "none"
    """Nobody has asked since the service began."""
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Making:
    """A report that is being made, or was.

    Attributes:
        done: Days; of `days`.
        report_id: Once it is done: what was made, or is the same as before.
        error: Once it has failed.
        code: The word under which pages say that in their own languages; None = there is none.
    """

    state: MakingState
    period: Period | None = None
    done: int = 0
    days: int = 0
    report_id: UUID | None = None
    number: int | None = None
    error: str | None = None
    code: str | None = None


@dataclass(frozen=True, slots=True)
class ToldRow:
    """A row in words: what stands in a line, and everything there is to know of it."""

    kind: RowKind
    ref: str
    day: date
    cells: tuple[str, ...]
    details: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ToldRows:
    """Some rows in one language."""

    columns: tuple[str, ...]
    rows: tuple[ToldRow, ...]


@dataclass(frozen=True, slots=True)
class FoundRows:
    """Rows that were looked for, in order; `more` = there are others besides."""

    rows: tuple[ReportRow, ...]
    more: bool


class Reports(Protocol):
    """Makes and reads reports. All raise DatabaseError; who reads or takes one is in the audit."""

    async def entries(self) -> Sequence[RevisionEntry]:
        """All revisions of all reports, the newest period first."""
        ...

    @property
    def making(self) -> Making:
        """How the last making goes."""
        ...

    async def make(self, period: Period, by: Actor) -> Making:
        """Begin to make one; raises InputError, and KirdiError while another is being made."""
        ...

    async def read(self, asked: ReportAsked, by: Actor) -> Revision:
        """One of them; raises InputError where there is none, AuditError where it was changed."""
        ...

    async def header(self, asked: ReportAsked) -> Revision:
        """The whole site's, to say its rows by; shown to nobody. Raises as `read`."""
        ...

    async def rows(self, asked: ReportAsked, day: date, by: Actor) -> Sequence[ReportRow]:
        """A day's rows of it; raises likewise."""
        ...

    async def find(self, asked: ReportAsked, wanted: RowsWanted, by: Actor, most: int) -> FoundRows:
        """The first of the rows that are wanted, of one day or of all of them; raises likewise."""
        ...

    async def body(
        self, asked: ReportAsked, revision: Revision, language: Language, links: Links
    ) -> str:
        """A report that was read as a part of a page."""
        ...

    def style(self) -> str:
        """What that part looks like, as CSS."""
        ...

    def told(
        self,
        revision: Revision,
        rows: Sequence[ReportRow],
        language: Language,
        *,
        dated: bool = False,
    ) -> ToldRows:
        """Say rows of a report in words; `dated` = of several days."""
        ...

    def said(self, wanted: RowsWanted, language: Language) -> Sequence[str]:
        """Say in words which rows are wanted, but for kind, verdict and day."""
        ...

    def why_answerable(self, row: ReportRow, language: Language) -> Sequence[str]:
        """Say why its practitioner may answer a row."""
        ...

    def choices(self, language: Language) -> Mapping[str, str]:
        """The verdicts in words, by code."""
        ...

    def periods(self, entries: Sequence[RevisionEntry], language: Language) -> Sequence[str]:
        """The periods of these in words."""
        ...

    async def deliveries(self, report_id: UUID) -> Sequence[DeliveryEntry]:
        """Where its revisions were sent, or are to be, the newest first; raises InputError."""
        ...

    async def form(
        self, asked: ReportAsked, form: ReportForm, language: Language, by: Actor
    ) -> AsyncIterator[bytes]:
        """A file of it, in pieces; raises as `read`, before the first piece."""
        ...

    async def verify(self, asked: ReportAsked, digest: bytes, by: Actor) -> bool:
        """Is this the digest of what is kept? Raises as `read`."""
        ...
