"""`/audit`: who did what, and whether that is still as it was written."""

from datetime import datetime, time, timedelta
from http import HTTPStatus
from typing import Annotated

from fastapi import Query

from streamer.domain.audit_event import AuditKind
from streamer.web.clinic import Clinic, day_or_today
from streamer.web.documented import PROBLEMS, problems
from streamer.web.fields import Day, Label, Reference
from streamer.web.models.audit import AuditEvent, Verification, event_of
from streamer.web.models.base import Listed
from streamer.web.paging import PageAsked
from streamer.web.parts import Parts
from streamer.web.permissions import Permission
from streamer.web.principal import Principal
from streamer.web.problem import Problem
from streamer.web.require import require
from streamer.web.router import router

audit = router("/audit", "audit")

Reader = Annotated[Principal, require(Permission.AUDIT_READ)]


@audit.get("/events", responses=PROBLEMS)
async def list_audit_events(
    principal: Reader,
    parts: Parts,
    clinic: Clinic,
    paging: PageAsked,
    first: Annotated[
        Day | None, Query(alias="from", description="from this day of the site; none = today")
    ] = None,
    last: Annotated[
        Day | None, Query(alias="to", description="to this day, included; none = the same")
    ] = None,
    kind: Annotated[AuditKind | None, Query()] = None,
    actor: Annotated[Label | None, Query(description="as recorded")] = None,
    patient_ref: Annotated[Reference | None, Query(description="about this one")] = None,
) -> Listed[AuditEvent]:
    """List what was done, the newest first. That you have looked is in the audit, too."""
    begins = day_or_today(first, parts, clinic)
    ends = last or begins
    if ends < begins:
        detail = "`to` is before `from`"
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", detail)
    page = await clinic.audit.page(
        datetime.combine(begins, time(), clinic.zone),
        datetime.combine(ends + timedelta(days=1), time(), clinic.zone),
        None if kind is None else kind.value,
        actor,
        patient_ref,
        principal.actor,
        paging.slice,
    )
    return paging.answer(page, event_of)


@audit.get("/verification", responses=problems(HTTPStatus.CONFLICT))
async def verify_audit(principal: Reader, clinic: Clinic) -> Verification:
    """Check that nobody has changed, removed or moved anything. One check at a time (409).

    It reads everything: some seconds for a million events.
    """
    return await clinic.audit.verify(principal.actor)
