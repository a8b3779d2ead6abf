"""What a report says, part by part, before it takes a form. Made by `report_content`."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from streamer.domain.report.row import ReportRow
from streamer.domain.report.rows_wanted import RowsWanted
from streamer.domain.report.scope import Scope

Days = Iterable[tuple[date, tuple[ReportRow, ...]]]
"""The rows of a report, a day at a time, those days without any too."""


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture as SVG, with the same in words for whoever can't see it."""

    svg: str
    alt: str


@dataclass(frozen=True, slots=True)
class Column:
    """Of a table.

    Attributes:
        number: Is it set to the right?
        wide: How much room it wants beside the others.
    """

    title: str
    number: bool = False
    wide: int = 1


@dataclass(frozen=True, slots=True)
class Line:
    """Of a table.

    Attributes:
        strong: A sum; `within` is a part of the line above.
        about: What it can be followed to: a group's own report, or a day's rows.
        leads: Of each cell, the rows that it was counted from; fewer than cells = none of the rest.
    """

    cells: tuple[str, ...]
    strong: bool = False
    within: bool = False
    about: Scope | date | None = None
    leads: tuple[RowsWanted | None, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """Lines of as many cells as there are columns."""

    columns: tuple[Column, ...]
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """One heading with what stands below it, in this order.

    Attributes:
        key: Its name in addresses and tests, in no language.
        table_first: Do the charts stand below the table?
    """

    key: str
    heading: str
    says: tuple[str, ...] = ()
    charts: tuple[Chart, ...] = ()
    table: Table | None = None
    closes: tuple[str, ...] = ()
    table_first: bool = False


@dataclass(frozen=True, slots=True)
class Content:
    """A whole report in one language.

    Attributes:
        head: Names and values that stand below the title.
        state: Whether it can change still, in a sentence.
        command: What checks the report, as it is typed.
        footer: What stands on every page.
    """

    language: str
    title: str
    subtitle: str
    head: tuple[tuple[str, str], ...]
    state: str
    preliminary: bool
    warning: str
    warning_more: str
    notices_heading: str
    notices: tuple[str, ...]
    sections: tuple[Section, ...]
    command: str
    footer: str
    page: str
