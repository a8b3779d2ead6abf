"""A report as PDF/A: to be printed, signed, and read in many years. In memory; no file is made."""

from typing import Final

from streamer.domain.report.revision import Revision
from streamer.exchange.reports.content import Content, Days, Section
from streamer.exchange.reports.report_content import report_content
from streamer.exchange.reports.words import Words
from streamer.exchange.typst_document import set_document

# Level A: with the text's structure, for screen readers too.
STANDARDS: Final = ("a-2a",)


def report_pdf(revision: Revision, days: Days, language: str) -> bytes:
    """Return the report; blocking, about a second.

    Args:
        revision: What is shown.
        days: Its rows, a day at a time.
        language: kk, ru or en.

    Raises:
        KirdiError: It cannot be set.
    """
    content = report_content(revision, days, Words(language, revision.report.zone))
    made = set_document("report", _data(content), revision.entry.made_at, standards=STANDARDS)
    assert isinstance(made, bytes)
    return made


def _data(content: Content) -> dict[str, object]:
    return {
        "language": content.language,
        "title": content.title,
        "subtitle": content.subtitle,
        "head": content.head,
        "state": content.state,
        "preliminary": content.preliminary,
        "warning": content.warning,
        "warning_more": content.warning_more,
        "notices_heading": content.notices_heading,
        "notices": content.notices,
        "command": content.command,
        "footer": content.footer,
        "page": content.page,
        "sections": [_section(one) for one in content.sections],
    }


def _section(section: Section) -> dict[str, object]:
    table = section.table
    return {
        "key": section.key,
        "heading": section.heading,
        "says": section.says,
        "closes": section.closes,
        "table_first": section.table_first,
        "charts": [{"svg": one.svg, "alt": one.alt} for one in section.charts],
        "columns": [
            {"title": one.title, "number": one.number, "wide": one.wide}
            for one in (table.columns if table else ())
        ],
        "lines": [
            {"cells": one.cells, "strong": one.strong, "within": one.within}
            for one in (table.lines if table else ())
        ],
    }
