"""`/reports`: the list, one report, the rows of a day, one row with its evidence."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Request, Response
from markupsafe import Markup

from streamer.domain.report.rows_wanted import RowsWanted
from streamer.domain.report.scope import Scope, ScopeKind
from streamer.errors import InputError
from streamer.web.clinic import Clinic, day_or_today
from streamer.web.pages.rendering import Pages
from streamer.web.pages.router import page_router
from streamer.web.parts import Parts
from streamer.web.permissions import Permission
from streamer.web.problem import not_found
from streamer.web.report_asked import Part, ReportReader, sees_all
from streamer.web.report_ports import ReportAsked, ReportForm
from streamer.web.rows_asked import RowsAsked, query_of

reports_page = page_router()

# A page of rows that somebody reads; who wants more of a day takes the spreadsheet.
MOST_ROWS: Final = 500
# The last of these: a list of years would be no list.
_MOST_ENTRIES: Final = 200


@reports_page.get("/reports")
async def show_reports_page(
    request: Request, pages: Pages, parts: Parts, clinic: Clinic, principal: ReportReader
) -> Response:
    """Show what reports there are; who may, has one made."""
    entries = (await clinic.reports.entries())[:_MOST_ENTRIES]
    periods = clinic.reports.periods(entries, pages.language(request))
    newest = {one.report_id: one.number for one in reversed(entries)}
    for one in entries:
        newest[one.report_id] = max(newest[one.report_id], one.number)
    yesterday = day_or_today(None, parts, clinic) - timedelta(days=1)
    return pages.render(
        request,
        "reports.html",
        entries=list(zip(entries, periods, strict=True)),
        newest=newest,
        whole=sees_all(principal),
        may_make=principal.may(Permission.REPORTS_WRITE),
        yesterday=yesterday,
    )


@reports_page.get("/reports/style.css")
async def send_report_style(clinic: Clinic, _principal: ReportReader) -> Response:
    """Send what a report looks like."""
    style = clinic.reports.style()
    return Response(style, media_type="text/css", headers={"Cache-Control": "no-cache"})


@reports_page.get("/reports/{report_id}")
async def show_report_page(
    request: Request,
    pages: Pages,
    clinic: Clinic,
    principal: ReportReader,
    report_id: UUID,
    part: Part,
) -> Response:
    """Show a report; its lines lead to parts of it, and to the rows they were counted from."""
    language = pages.language(request)
    asked = part.of(report_id, principal)
    try:
        revision = await clinic.reports.read(asked, principal.actor)
    except InputError as error:
        raise not_found("report") from error
    number = revision.entry.number

    def links(about: Scope | date | RowsWanted) -> str:
        if isinstance(about, date):
            return _rows_address(asked, number, RowsWanted(day=about))
        if isinstance(about, RowsWanted):
            return _rows_address(asked, number, about)
        # Under a pseudonym nobody's part can be asked for.
        if asked.pseudonymous or asked.own or about.value is None:
            return ""
        return f"/reports/{report_id}?" + urlencode(_query(about, number))

    body = await clinic.reports.body(asked, revision, language, links)
    deliveries = None
    if principal.may(Permission.DELIVERIES_READ):
        deliveries = await clinic.reports.deliveries(report_id)
    numbers = [one.number for one in await clinic.reports.entries() if one.report_id == report_id]
    return pages.render(
        request,
        "report.html",
        body=Markup(body),  # noqa: S704  made of a template that escapes
        entry=revision.entry,
        numbers=sorted(numbers),
        scope=None if asked.scope.kind is ScopeKind.SITE else asked.scope,
        own=asked.own,
        deliveries=deliveries,
        forms=list(ReportForm),
        query=urlencode(_query(asked.scope, number)),
    )


@reports_page.get("/reports/{report_id}/rows")
async def show_report_rows_page(
    request: Request,
    pages: Pages,
    clinic: Clinic,
    principal: ReportReader,
    report_id: UUID,
    part: Part,
    wanted: RowsAsked,
) -> Response:
    """Show the rows of a day or of all days, those a total was counted from; or one, whole."""
    language = pages.language(request)
    asked = part.of(report_id, principal)
    try:
        revision = await clinic.reports.header(asked)
        period = revision.entry.period
        if period.days == 1 and wanted.day is None:
            wanted = replace(wanted, day=period.first)
        found = await clinic.reports.find(asked, wanted, principal.actor, MOST_ROWS)
    except InputError as error:
        raise not_found("report or day") from error
    if wanted.ref is not None and not found.rows:
        raise not_found("row")
    entry, day = revision.entry, wanted.day
    return pages.render(
        request,
        "report_rows.html",
        told=clinic.reports.told(revision, found.rows, language, dated=day is None),
        said=clinic.reports.said(wanted, language),
        days=clinic.reports.periods([entry], language)[0],
        more=found.more,
        most=MOST_ROWS,
        one=wanted.ref is not None,
        day=day,
        first=period.first,
        last=period.last,
        before=day - timedelta(days=1) if day and day > period.first else None,
        after=day + timedelta(days=1) if day and day < period.last else None,
        of_day=lambda of: _rows_address(asked, entry.number, replace(wanted, day=of, ref=None)),
        all_of_day=lambda of: _rows_address(asked, entry.number, RowsWanted(day=of)),
        of_row=lambda row: _rows_address(
            asked, entry.number, RowsWanted(day=row.day, kind=row.kind, ref=row.ref)
        ),
        report_address=f"/reports/{report_id}?" + urlencode(_query(asked.scope, entry.number)),
        query=_query(asked.scope, entry.number),
        report_id=report_id,
        verdicts=clinic.reports.choices(language),
        wanted=wanted,
        hidden=asked.pseudonymous,
    )


def _query(scope: Scope, number: int) -> dict[str, str]:
    found = {"revision": str(number)}
    if scope.kind is not ScopeKind.SITE and scope.value is not None:
        found[scope.kind.value] = scope.value
    return found


def _rows_address(asked: ReportAsked, number: int, wanted: RowsWanted) -> str:
    """Where these rows are; empty where they are not to be had."""
    scope = asked.scope
    if wanted.scope is not None and wanted.scope != scope:
        # Within a part there is no part, and under a pseudonym nobody's can be asked for.
        apart = asked.pseudonymous or asked.own or scope.kind is not ScopeKind.SITE
        if apart or wanted.scope.value is None:
            return ""
        scope = wanted.scope
    query = _query(scope, number) | query_of(wanted)
    return f"/reports/{asked.report_id}/rows?" + urlencode(query)
