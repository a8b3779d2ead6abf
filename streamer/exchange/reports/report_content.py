"""Puts a report together in one language, whatever form it is to have. Pure; used by each form."""

import re
from collections.abc import Iterable
from datetime import date
from typing import Final

from streamer.domain.report.report import Report
from streamer.domain.report.revision import ReportState, Revision
from streamer.domain.report.scope import ScopeKind
from streamer.domain.verdict import VerdictGrade
from streamer.exchange.reports import claim_sections, group_sections, overview_sections
from streamer.exchange.reports.content import Column, Content, Days, Line, Section, Table
from streamer.exchange.reports.coverage_section import coverage
from streamer.exchange.reports.error_section import errors
from streamer.exchange.reports.verdict_parts import ORDER
from streamer.exchange.reports.words import Words, clean

_SETTINGS: Final = "settings."
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")


def report_content(revision: Revision, days: Days, words: Words) -> Content:
    """Return everything that the form says.

    Args:
        revision: The report, or what a scope leaves of it.
        days: Its rows, a day at a time; read as far as claims at risk are shown.
        words: The language.
    """
    report, entry = revision.report, revision.entry
    digest = grouped_hex(revision.digest)
    site = clean(report.site_name or report.site_id)
    return Content(
        language=words.language,
        title=words.of("title"),
        subtitle=words.of("subtitle"),
        head=tuple(head(revision, words)),
        state=state(revision, words),
        preliminary=entry.state is ReportState.PRELIMINARY,
        warning=words.of("warning"),
        warning_more=words.of("warning.more"),
        notices_heading=words.of("notices"),
        notices=tuple(notices(report, words)),
        sections=tuple(_sections(revision, days, words)),
        command=verify_command(revision, words),
        footer=f"{site} · {words.of('report_id')} {entry.report_id} · "
        f"{words.of('revision')} {entry.number} · SHA-256 {digest}",
        page=words.of("page"),
    )


def head(revision: Revision, words: Words) -> Iterable[tuple[str, str]]:
    """Return what the report is about and how it came about, by name."""
    report, entry = revision.report, revision.entry
    name, site_id = report.site_name, report.site_id
    yield words.of("site"), clean(f"{name} ({site_id})" if name and name != site_id else site_id)
    yield words.of("period"), words.period(report.period)
    if report.scope.kind is not ScopeKind.SITE:
        yield words.of("scope"), scope_name(report, words)
    yield words.of("revision"), words.number(entry.number)
    made = words.of("made.value", at=words.moment(entry.made_at), by=clean(entry.made_by))
    yield words.of("made"), made
    until = f"{words.moment(report.data_until)}. {words.of('times', zone=clean(report.zone))}"
    yield words.of("data_until"), until


def state(revision: Revision, words: Words) -> str:
    """Return whether practitioners may still answer, and until when."""
    entry = revision.entry
    key = (
        "state.preliminary.until" if entry.state is ReportState.PRELIMINARY else "state.final.since"
    )
    return words.of(key, until=words.moment(entry.final_on))


def scope_name(report: Report, words: Words) -> str:
    """Return whose report it is."""
    scope = report.scope
    if scope.kind is ScopeKind.DEPARTMENT:
        value = clean(scope.value) if scope.value is not None else words.of("department.none")
        return words.of("scope.department", value=value)
    if scope.kind is ScopeKind.PRACTITIONER:
        name = group_sections.practitioner_names(report).get(scope.value or "")
        value = f"{name} ({scope.value})" if name else scope.value or "–"
        return words.of("scope.practitioner", value=clean(value))
    return words.of("scope.site")


def notices(report: Report, words: Words) -> Iterable[str]:
    """Return what a reader must know; a notice without words is shown by its code."""
    for code, given in report.notices:
        said = {name: _given(name, value, words) for name, value in given.items()}
        try:
            yield words.of(f"notice.{code}", **said)
        except KeyError:
            shown = ", ".join((code, *(f"{name} = {value}" for name, value in said.items())))
            yield words.of("notice.other", code=clean(shown))


def _given(name: str, value: str | int, words: Words) -> str:
    if isinstance(value, int):
        return words.number(value)
    if name in ("rule", "group"):
        return words.code(name, value)
    if name == "last" and _DAY.fullmatch(value):
        return words.long_date(date.fromisoformat(value))
    return clean(value)


def grouped_hex(digest: bytes) -> str:
    """Return a digest as people compare it: hex in groups of eight."""
    text = digest.hex()
    return " ".join(text[at : at + 8] for at in range(0, len(text), 8))


def verify_command(revision: Revision, words: Words) -> str:
    """Return how the printed report is checked."""
    entry, scope = revision.entry, revision.report.scope
    asked = {"report": entry.report_id, "revision": entry.number, "digest": revision.digest.hex()}
    value = _quoted(scope.value or "")
    return words.of(f"verify.command.{scope.kind.value}", value=value, **asked)


def _quoted(value: str) -> str:
    return "'" + clean(value).replace("'", "'\\''") + "'"


def _sections(revision: Revision, days: Days, words: Words) -> Iterable[Section]:
    report = revision.report
    yield overview_sections.glance(report, words)
    yield overview_sections.at_risk(report, words)
    yield errors(report, words)
    yield coverage(report, words)
    yield overview_sections.further_figures(report, words)
    groups: tuple[Section, ...] = (
        group_sections.departments(report, words),
        group_sections.practitioners(report, words),
        group_sections.by_day(report, words),
        group_sections.trend(report, words),
        group_sections.rates(report, words),
        claim_sections.rules(report, words),
    )
    yield from (one for one in groups if one.table is not None)
    yield from claim_sections.standing_out(report, days, words)
    yield claim_sections.call_backs(report, words)
    if revision.entry.number > 1:
        yield _changes(revision, words)
    yield _legend(words)
    yield _verify(revision, words)


def _changes(revision: Revision, words: Words) -> Section:
    changes = revision.changes
    if not changes:
        return Section("changes", words.of("changes"), (words.of("changes.none"),))
    columns = (
        Column(words.of("figure"), wide=4),
        Column(words.of("before"), number=True),
        Column(words.of("after"), number=True),
    )
    lines = tuple(
        _setting(name, revision.report, words)
        if name.startswith(_SETTINGS)
        else Line((figure_name(name, words), words.number(before), words.number(after)))
        for name, (before, after) in changes.items()
    )
    return Section("changes", words.of("changes"), table=Table(columns, lines))


def _setting(name: str, report: Report, words: Words) -> Line:
    """Which setting is another one, and what it is now; what it was the former revision says."""
    setting = name.removeprefix(_SETTINGS)
    values = (given["value"] for _, given in report.notices if given.get("setting") == setting)
    now = clean(str(next(values, words.of("setting.default"))))
    return Line((words.of("setting", name=clean(setting)), "–", now))


def figure_name(name: str, words: Words) -> str:
    """Return what a figure is called: a name of `changes`, such as `visits.unknown.camera_down`."""
    if name.startswith("rules."):
        return words.code("rule", name.removeprefix("rules."))
    *figure, part = name.split(".")
    group = {"verified": "grade", "unknown": "cause"}.get(figure[-1], figure[-1]) if figure else ""
    if len(figure) > 1 and words.has(f"{group}.{part}"):
        return f"{words.code('figure', '.'.join(figure))}, {words.of(f'{group}.{part}')}"
    return words.code("figure", name)


def _legend(words: Words) -> Section:
    columns = (Column(words.of("verdict"), wide=1), Column("", wide=4))
    lines = [
        Line((words.of(f"verdict.{kind.value}"), words.of(f"means.{kind.value}"))) for kind in ORDER
    ]
    grades = ", ".join(words.of(f"grade.{grade.value}") for grade in VerdictGrade)
    lines.append(Line((words.of("grade"), grades)))
    return Section(
        "legend", words.of("legend"), (words.of("about.refs"),), table=Table(columns, tuple(lines))
    )


def _verify(revision: Revision, words: Words) -> Section:
    report, entry = revision.report, revision.entry
    columns = (Column("", wide=2), Column("", wide=4))
    lines = [
        Line((words.of("report_id"), str(entry.report_id))),
        Line((words.of("revision"), words.number(entry.number))),
        Line((words.of("verify.digest"), grouped_hex(revision.digest))),
    ]
    if report.scope.kind is not ScopeKind.SITE:
        lines.append(Line((words.of("verify.site_digest"), grouped_hex(entry.digest))))
    lines += [
        Line((words.of("verify.checkpoint"), clean(report.audit_checkpoint))),
        Line((words.of("verify.seed"), clean(report.seed))),
    ]
    return Section(
        "verify",
        words.of("verify"),
        (words.of("verify.how"),),
        table=Table(columns, tuple(lines)),
    )
