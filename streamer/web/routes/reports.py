"""`/reports`: which appointments have evidence of presence. Who reads or takes one is on record."""

from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import Query, Response
from fastapi.responses import StreamingResponse

from streamer.domain.consent import Language
from streamer.domain.report.period import Period
from streamer.domain.report.row import RowKind
from streamer.domain.verdict import VerdictKind
from streamer.errors import InputError
from streamer.web.clinic import Clinic
from streamer.web.documented import NOT_FOUND, PROBLEMS, WRITE
from streamer.web.fields import Day
from streamer.web.models.base import Listed
from streamer.web.models.reports import (
    ReportDelivery,
    ReportEntry,
    ReportMaking,
    ReportRow,
    ReportShown,
    ReportVerification,
    ReportWanted,
    delivery_of,
    entry_of,
    making_of,
    row_of,
    shown_of,
)
from streamer.web.once import Once
from streamer.web.paging import PageAsked
from streamer.web.permissions import Permission
from streamer.web.principal import Principal
from streamer.web.problem import Problem, not_found
from streamer.web.report_asked import Part, ReportReader, sees_all
from streamer.web.report_ports import ReportForm
from streamer.web.require import require
from streamer.web.router import router

reports = router("/reports", "reports")

_MEDIA_TYPES = {
    ReportForm.PDF: "application/pdf",
    ReportForm.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ReportForm.HTML: "text/html; charset=utf-8",
    ReportForm.CSV: "text/csv; charset=utf-8",
    ReportForm.JSON: "application/json",
}


@reports.get("", responses=PROBLEMS)
async def list_reports(
    principal: ReportReader, clinic: Clinic, paging: PageAsked
) -> Listed[ReportEntry]:
    """List every revision of every report, the newest period first."""
    whole = sees_all(principal)
    return paging.part_of([entry_of(one, whole=whole) for one in await clinic.reports.entries()])


@reports.post("", status_code=HTTPStatus.ACCEPTED, response_model=ReportMaking, responses=WRITE)
async def make_report(
    principal: Annotated[Principal, require(Permission.REPORTS_WRITE)],
    clinic: Clinic,
    once: Once,
    sent: ReportWanted,
) -> Response:
    """Have a report made of what is known now: a new revision, if anything differs. One at a time.

    The answer does not wait for it: `GET /reports/making` says how it goes.
    """
    if sent.last < sent.first:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", "`to` is before `from`")

    async def make() -> ReportMaking:
        period = Period.of(sent.first, sent.last)
        return making_of(await clinic.reports.make(period, principal.actor))

    return await once(make, HTTPStatus.ACCEPTED)


@reports.get("/making", responses=PROBLEMS)
async def show_report_making(
    _principal: Annotated[Principal, require(Permission.REPORTS_WRITE)], clinic: Clinic
) -> ReportMaking:
    """Say how the last making goes, since the service began."""
    return making_of(clinic.reports.making)


@reports.get("/{report_id}", responses=NOT_FOUND)
async def read_report(
    principal: ReportReader, clinic: Clinic, report_id: UUID, part: Part
) -> ReportShown:
    """Read a report without its rows: the whole site's, a department's or a practitioner's part.

    A practitioner reads their own part. An insurer reads the whole under pseudonyms, without
    departments and without those to be called back; its digest is that of what was made.
    """
    asked = part.of(report_id, principal)
    try:
        revision = await clinic.reports.read(asked, principal.actor)
    except InputError as error:
        raise not_found("report") from error
    return shown_of(revision, whole=sees_all(principal), pseudonymous=asked.pseudonymous)


@reports.get("/{report_id}/rows", responses=NOT_FOUND)
async def list_report_rows(
    principal: ReportReader,
    clinic: Clinic,
    report_id: UUID,
    day: Annotated[Day, Query()],
    part: Part,
    paging: PageAsked,
    kind: Annotated[RowKind | None, Query()] = None,
    verdict: Annotated[VerdictKind | None, Query()] = None,
    at_risk: Annotated[bool, Query(description="only claims at risk")] = False,
) -> Listed[ReportRow]:
    """List the rows of a day: what its figures were counted from, each with its evidence.

    An insurer is told of patients who agreed that the payer is told, and of no others.
    """
    asked = part.of(report_id, principal)
    try:
        rows = await clinic.reports.rows(asked, day, principal.actor)
    except InputError as error:
        raise not_found("report or day") from error
    return paging.part_of(
        [
            row_of(row)
            for row in rows
            if (kind is None or row.kind is kind)
            and (verdict is None or row.verdict is verdict)
            and (row.certain or row.estimated or not at_risk)
        ]
    )


@reports.get(
    "/{report_id}/file",
    response_class=Response,
    responses=NOT_FOUND
    | {
        200: {
            "description": "The file; see docs/reports.md",
            "content": {
                kind.partition(";")[0]: {"schema": {"type": "string"}}
                for kind in _MEDIA_TYPES.values()
            },
        }
    },
)
async def take_report(
    principal: ReportReader,
    clinic: Clinic,
    report_id: UUID,
    part: Part,
    form: Annotated[ReportForm, Query(alias="format")],
    language: Annotated[Language, Query(description="of pdf, xlsx and html")] = Language.KK,
) -> Response:
    """Take a report as a file, to be kept, printed or sent. That you did is in the audit."""
    asked = part.of(report_id, principal)
    try:
        pieces = await clinic.reports.form(asked, form, language, principal.actor)
    except InputError as error:
        raise not_found("report") from error
    name = f'attachment; filename="appointment-match-{report_id}.{form.value}"'
    headers = {"Content-Disposition": name, "Cache-Control": "no-store"}
    return StreamingResponse(pieces, media_type=_MEDIA_TYPES[form], headers=headers)


@reports.get("/{report_id}/verification", responses=NOT_FOUND)
async def verify_report(
    principal: ReportReader,
    clinic: Clinic,
    report_id: UUID,
    part: Part,
    digest: Annotated[str, Query(pattern=r"^[0-9a-fA-F]{64}$", description="as printed, hex")],
) -> ReportVerification:
    """Check that a printed report is what was made here: the same revision, part and digest."""
    asked = part.of(report_id, principal)
    try:
        sound = await clinic.reports.verify(asked, bytes.fromhex(digest), principal.actor)
    except InputError as error:
        raise not_found("report") from error
    return ReportVerification(sound=sound)


@reports.get("/{report_id}/deliveries", responses=NOT_FOUND)
async def list_report_deliveries(
    _principal: Annotated[Principal, require(Permission.DELIVERIES_READ)],
    clinic: Clinic,
    report_id: UUID,
    paging: PageAsked,
) -> Listed[ReportDelivery]:
    """List where a report's revisions were sent or are to be, and what was given up and why."""
    try:
        found = await clinic.reports.deliveries(report_id)
    except InputError as error:
        raise not_found("report") from error
    return paging.part_of([delivery_of(one) for one in found])
