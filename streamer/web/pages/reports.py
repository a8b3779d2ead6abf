"""`/reports`: the list, one report, the rows of a day, one row with its evidence."""

from datetime import date, timedelta
from typing import Annotated, Final
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Query, Request, Response
from markupsafe import Markup

from streamer.domain.report.row import ReportRow, RowKind
from streamer.domain.report.scope import Scope, ScopeKind
from streamer.domain.verdict import VerdictKind
from streamer.errors import InputError
from streamer.web.clinic import Clinic, day_or_today
from streamer.web.fields import BLANK_IS_NONE, Day, Reference
from streamer.web.pages.rendering import Pages
from streamer.web.pages.router import page_router
from streamer.web.parts import Parts
from streamer.web.permissions import Permission
from streamer.web.problem import not_found
from streamer.web.report_asked import Part, ReportReader, sees_all
from streamer.web.report_ports import ReportAsked, ReportForm

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

    def links(about: Scope | date) -> str:
        if isinstance(about, date):
            return _address(asked, number, about)
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
    day: Annotated[Day, Query()],
    kind: Annotated[RowKind | None, BLANK_IS_NONE, Query()] = None,
    verdict: Annotated[VerdictKind | None, BLANK_IS_NONE, Query()] = None,
    at_risk: Annotated[bool, Query()] = False,
    ref: Annotated[Reference | None, Query(description="this row only, with its evidence")] = None,
) -> Response:
    """Show a day's rows, or one of them with everything that is known of it."""
    language = pages.language(request)
    asked = part.of(report_id, principal)
    try:
        revision = await clinic.reports.header(asked)
        rows = await clinic.reports.rows(asked, day, principal.actor)
    except InputError as error:
        raise not_found("report or day") from error
    wanted = [row for row in rows if _wanted(row, kind, verdict, at_risk=at_risk, ref=ref)]
    if ref is not None and not wanted:
        raise not_found("row")
    entry = revision.entry
    return pages.render(
        request,
        "report_rows.html",
        told=clinic.reports.told(revision, wanted[:MOST_ROWS], language),
        count=len(wanted),
        most=MOST_ROWS,
        one=ref is not None,
        day=day,
        before=day - timedelta(days=1) if day > entry.period.first else None,
        after=day + timedelta(days=1) if day < entry.period.last else None,
        address=lambda of: _address(asked, entry.number, of),
        report_address=f"/reports/{report_id}?" + urlencode(_query(asked.scope, entry.number)),
        query=_query(asked.scope, entry.number),
        report_id=report_id,
        verdicts=clinic.reports.choices(language),
        chosen={
            "kind": kind.value if kind else "",
            "verdict": verdict.value if verdict else "",
            "at_risk": at_risk,
        },
    )


def _wanted(
    row: ReportRow,
    kind: RowKind | None,
    verdict: VerdictKind | None,
    *,
    at_risk: bool,
    ref: str | None,
) -> bool:
    return (
        (kind is None or row.kind is kind)
        and (verdict is None or row.verdict is verdict)
        and (row.certain or row.estimated or not at_risk)
        and (ref is None or row.ref == ref)
    )


def _query(scope: Scope, number: int) -> dict[str, str]:
    found = {"revision": str(number)}
    if scope.kind is not ScopeKind.SITE and scope.value is not None:
        found[scope.kind.value] = scope.value
    return found


def _address(asked: ReportAsked, number: int, day: date) -> str:
    query = _query(asked.scope, number) | {"day": day.isoformat()}
    return f"/reports/{asked.report_id}/rows?" + urlencode(query)
