"""`/receipts`: what was erased, and by when no copy is left."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from streamer.domain.consent_entry import ReceiptEntry
from streamer.domain.page import Slice
from streamer.web.clinic import Clinic
from streamer.web.documented import NOT_FOUND, PROBLEMS
from streamer.web.fields import Reference
from streamer.web.models.base import Listed
from streamer.web.models.consents import Receipt
from streamer.web.paging import PageAsked
from streamer.web.permissions import Permission
from streamer.web.principal import Principal
from streamer.web.problem import not_found
from streamer.web.require import require
from streamer.web.router import router
from streamer.web.sight import sight_of

receipts = router("/receipts", "consents")

_READ = Permission.CONSENTS_READ
Reader = Annotated[Principal, require(_READ)]


@receipts.get("", responses=PROBLEMS)
async def list_receipts(
    principal: Reader,
    clinic: Clinic,
    paging: PageAsked,
    patient_ref: Annotated[Reference | None, Query(description="only this patient's")] = None,
) -> Listed[Receipt]:
    """List the receipts of what was erased, the oldest first."""
    page = await clinic.people.receipts(sight_of(principal, _READ), patient_ref, paging.slice)
    return paging.answer(page, _receipt)


@receipts.get("/{erasure_id}", responses=NOT_FOUND)
async def show_receipt(principal: Reader, clinic: Clinic, erasure_id: UUID) -> Receipt:
    """Show one receipt: whether the database's files are clean by now."""
    page = await clinic.people.receipts(sight_of(principal, _READ), None, Slice(1), erasure_id)
    if not page.items:
        raise not_found("receipt")
    return _receipt(page.items[0])


def _receipt(entry: ReceiptEntry) -> Receipt:
    return Receipt.model_validate(entry)
