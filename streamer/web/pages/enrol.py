"""`/enrol`: consent read and signed, then photos; withdrawal, with its receipt."""

from typing import Annotated

from fastapi import Query, Request, Response

from streamer.web.fields import Reference
from streamer.web.pages.rendering import Pages
from streamer.web.pages.router import page_router
from streamer.web.pages.words import PHOTO_ADVICE
from streamer.web.permissions import Permission
from streamer.web.principal import Principal
from streamer.web.require import require

enrol = page_router()


def _(text: str) -> str:
    """Mark a text for the catalogues."""
    return text


_SIGNING = (_("Patient"), _("Signature"), _("Date"))
"""What stands where a consent is signed, said in its own language (`said_in`)."""

_Enroller = Annotated[Principal, require(Permission.PATIENTS_WRITE, Permission.CONSENTS_WRITE)]


@enrol.get("/enrol")
async def show_enrol_page(
    request: Request,
    pages: Pages,
    _principal: _Enroller,
    patient: Annotated[Reference | None, Query()] = None,
) -> Response:
    """Show the page; whom it is about is fetched by its module."""
    return pages.render(
        request, "enrol.html", camera=True, patient_ref=patient or "", advice=PHOTO_ADVICE
    )
