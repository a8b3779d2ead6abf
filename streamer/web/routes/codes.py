"""`/codes`: one-time codes for those who check in without their face."""

from http import HTTPStatus
from typing import Annotated

from fastapi import Query, Response

from streamer.domain.code import CodeKind, CodeOrder, CodeRow
from streamer.web.clinic import Clinic, day_or_today
from streamer.web.documented import OUTSIDE, PROBLEMS, WRITE
from streamer.web.fields import Day
from streamer.web.models.base import Listed
from streamer.web.models.codes import (
    Code,
    CodeShown,
    CodeWanted,
    Device,
    IssuedCode,
    Redemption,
    Unblock,
    Unblocked,
)
from streamer.web.once import Once
from streamer.web.paging import PageAsked
from streamer.web.parts import Parts
from streamer.web.permissions import Permission
from streamer.web.principal import Principal
from streamer.web.problem import no_appointment, no_patient
from streamer.web.require import require
from streamer.web.resources import Resources
from streamer.web.router import router
from streamer.web.sight import sight_of

codes = router("/codes", "codes")

_READ = Permission.CODES_READ
Reader = Annotated[Principal, require(_READ)]
Issuer = Annotated[Principal, require(Permission.CODES_ISSUE)]


@codes.get("", responses=PROBLEMS)
async def list_codes(
    principal: Reader,
    parts: Parts,
    clinic: Clinic,
    paging: PageAsked,
    day: Annotated[Day | None, Query(alias="date", description="of the site; none = today")] = None,
) -> Listed[Code]:
    """List the codes in force on a day and what became of them; never their digits."""
    page = await clinic.people.codes(
        sight_of(principal, _READ), day_or_today(day, parts, clinic), paging.slice
    )
    return paging.answer(page, _code)


@codes.post("", status_code=HTTPStatus.CREATED, response_model=IssuedCode, responses=OUTSIDE)
async def issue_code(principal: Issuer, clinic: Clinic, once: Once, sent: CodeWanted) -> Response:
    """Issue a one-time code; it is shown this once. A former one for the same is revoked.

    Whoever issues it cannot redeem it, and nobody issues one for a patient whom they bill.
    """
    await _see(clinic, principal, sent)
    order = CodeOrder(sent.patient_ref, sent.appointment_ref, sent.kind, sent.send)

    async def issue() -> IssuedCode:
        issued = await clinic.codes.issue(order, principal.actor)
        return IssuedCode(
            code_id=issued.code_id,
            patient_ref=issued.patient_ref,
            appointment_ref=issued.appointment_ref,
            kind=issued.kind,
            grade=issued.grade,
            expires_at=issued.expires_at,
            tickets=list(issued.tickets),
            code=None if order.sent else issued.secret,
            qr=list(clinic.codes.drawn(issued.secret)) if order.kind is CodeKind.QR else None,
        )

    return await once(issue, HTTPStatus.CREATED)


@codes.post("/redemptions", response_model=Redemption, responses=OUTSIDE)
async def redeem_code(
    principal: Annotated[Principal, require(Permission.CODES_REDEEM)],
    clinic: Clinic,
    once: Once,
    sent: CodeShown,
) -> Response:
    """Redeem a code at a device: whoever can arrive now arrives.

    `refused` says nothing more, whatever is wrong. Wrong codes make the device wait. A guardian's
    code answers `choose` with the dependants' appointments first, and is used up by the next
    redemption: it has to name everybody who has come. `away`: the national service does not
    answer; codes of the clinic's own go on.
    """
    return await once(lambda: clinic.codes.redeem(sent, principal.actor))


@codes.get("/devices", responses=PROBLEMS)
async def list_devices(_principal: Reader, clinic: Clinic, paging: PageAsked) -> Listed[Device]:
    """List where wrong codes were shown today, and which devices have to wait."""
    return paging.part_of(list(await clinic.codes.devices()))


@codes.post("/devices/unblock", response_model=Unblocked, responses=WRITE)
async def unblock_device(principal: Issuer, clinic: Clinic, once: Once, sent: Unblock) -> Response:
    """Let a device take codes again at once: you have looked who was trying there.

    Refused to whoever bills appointments: codes of their own patients are taken there, too.
    """

    async def unblock() -> Unblocked:
        done = await clinic.codes.unblock(sent.device, principal.actor)
        return Unblocked(device=sent.device, forgiven=done)

    return await once(unblock)


async def _see(clinic: Resources, principal: Principal, sent: CodeWanted) -> None:
    """Of another site: there is none. Raises Problem."""
    sight = sight_of(principal, Permission.CODES_ISSUE)
    if sent.appointment_ref is not None:
        if await clinic.visits.appointment(sight, sent.appointment_ref) is None:
            raise no_appointment(sent.appointment_ref)
    elif sent.patient_ref is not None and (
        await clinic.people.patient(sight, clinic.pack_id, sent.patient_ref, False) is None
    ):
        raise no_patient(sent.patient_ref)


def _code(entry: CodeRow) -> Code:
    return Code.model_validate(entry)
