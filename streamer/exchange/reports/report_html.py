"""A report as HTML: a part of a page for the console, or a file that stands by itself.

No script, nothing from outside; whatever comes from a clinic's data is escaped by the template.
"""

from collections.abc import Callable
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from streamer.domain.report.revision import Revision
from streamer.domain.report.rows_wanted import RowsWanted
from streamer.domain.report.scope import Scope
from streamer.exchange.reports.content import Days
from streamer.exchange.reports.report_content import report_content
from streamer.exchange.reports.words import Words

Links = Callable[[Scope | date | RowsWanted], str]
"""Where a group's own report is, a day's rows, or those a total was counted from."""

_DOCUMENTS: Final = "documents"


@cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("streamer.exchange", _DOCUMENTS),
        autoescape=True,
        undefined=StrictUndefined,
    )


@cache
def report_style() -> str:
    """Return the style sheet of the part of a page."""
    source = files("streamer.exchange").joinpath(_DOCUMENTS, "report.css")
    return source.read_text(encoding="utf-8")


def report_body(
    revision: Revision,
    days: Days,
    language: str,
    links: Links | None = None,
) -> str:
    """Return the report as a part of a page, without its style; blocking.

    Args:
        revision: What is shown.
        days: Its rows, a day at a time.
        language: kk, ru or en.
        links: Where lines of groups and days, and totals, lead to; None = nowhere.
    """
    content = report_content(revision, days, Words(language, revision.report.zone))
    return _templates().get_template("report_body.html").render(content=content, links=links)


def report_html(revision: Revision, days: Days, language: str) -> bytes:
    """Return the report as a file of its own, in UTF-8, to be opened or printed; blocking."""
    content = report_content(revision, days, Words(language, revision.report.zone))
    page = _templates().get_template("report_page.html")
    return page.render(content=content, links=None, style=report_style()).encode()
