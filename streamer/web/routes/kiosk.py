"""`/kiosk` and `/board`: what tablets and screens ask for; `/kiosk-calls`: who wants help there."""

from http import HTTPStatus
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Query, Request, Response

from streamer.domain.device import PairedDevice
from streamer.web.clinic import Clinic
from streamer.web.documented import PROBLEMS, WRITE
from streamer.web.models.kiosk import (
    BoardLines,
    KioskAnswer,
    KioskCall,
    KioskCode,
    KioskDispute,
    KioskState,
    KioskText,
    Most,
)
from streamer.web.once import Once
from streamer.web.permissions import Permission
from streamer.web.principal import Principal
from streamer.web.problem import Problem, forbidden, not_found
from streamer.web.require import require
from streamer.web.router import router

kiosk = router("/kiosk", "devices")
board = router("/board", "devices")
kiosk_calls = router("/kiosk-calls", "devices")

AtKiosk = Annotated[Principal, require(Permission.KIOSK_USE)]

MOST_BYTES: Final = 512 * 1024
"""Of a picture: a JPEG of 1280x720 has a quarter of it."""
_PICTURE: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}},
    }
}


@kiosk.post("/codes", response_model=KioskAnswer, responses=WRITE)
async def show_code_at_kiosk(
    principal: AtKiosk, clinic: Clinic, once: Once, sent: KioskCode
) -> Response:
    """Take six digits or a QR code's text that somebody shows at this kiosk.

    The answer says when and where, and nothing of who. Wrong codes make the kiosk wait.
    """
    device, code = _device(principal), sent.code.get_secret_value()
    return await once(lambda: clinic.kiosk.show(device, code, sent.chosen))


@kiosk.post("/pictures", responses=WRITE, openapi_extra=_PICTURE, max_body_size=MOST_BYTES)
async def read_picture(_principal: AtKiosk, clinic: Clinic, request: Request) -> KioskText:
    """Read a QR code in a picture of the tablet's camera; the picture is gone with the answer."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "image/jpeg":
        status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
        raise Problem(status, "unsupported-media-type", "send image/jpeg")
    return KioskText(text=await clinic.kiosk.read(await request.body()))


@kiosk.post("/disputes", response_model=KioskAnswer, responses=WRITE)
async def dispute_at_kiosk(
    principal: AtKiosk, clinic: Clinic, once: Once, sent: KioskDispute
) -> Response:
    """Somebody was checked in for the code's holder, who says "I was not here".

    It waits among the reviews, and somebody is called to the kiosk.
    """
    device, code = _device(principal), sent.code.get_secret_value()

    async def dispute() -> KioskAnswer:
        answer = await clinic.kiosk.show(device, code, (), disputed=True)
        if answer.state is KioskState.DISPUTED:
            clinic.kiosk_calls.call(device, "dispute")
        return answer

    return await once(dispute)


@kiosk.post("/calls", response_model=KioskCall, responses=WRITE)
async def call_for_help(principal: AtKiosk, clinic: Clinic, once: Once) -> Response:
    """Call somebody to this kiosk."""
    device = _device(principal)

    async def call() -> KioskCall:
        return clinic.kiosk_calls.call(device, "help")

    return await once(call)


@kiosk.get("/calls", responses=PROBLEMS)
async def show_own_call(principal: AtKiosk, clinic: Clinic) -> list[KioskCall]:
    """Say what was called for at this kiosk, and whether somebody is on their way."""
    found = clinic.kiosk_calls.of_device(_device(principal))
    return [] if found is None else [found]


@board.get("", responses=PROBLEMS)
async def show_board(
    principal: Annotated[Principal, require(Permission.BOARD_READ)],
    clinic: Clinic,
    most: Annotated[Most, Query()] = 12,
) -> BoardLines:
    """Show today's newest arrivals by ticket number: of the screen's building, if it is one."""
    building = None if principal.device is None else principal.device.building
    return BoardLines(lines=list(await clinic.kiosk.called(building, most)))


@kiosk_calls.get("", responses=PROBLEMS)
async def list_kiosk_calls(
    _principal: Annotated[Principal, require(Permission.CODES_ISSUE)], clinic: Clinic
) -> list[KioskCall]:
    """List the kiosks at which somebody waits for help, and nobody is on their way yet."""
    return list(clinic.kiosk_calls.waiting())


@kiosk_calls.post("/{call_id}/take", response_model=KioskCall, responses=WRITE)
async def take_kiosk_call(
    principal: Annotated[Principal, require(Permission.CODES_ISSUE)],
    clinic: Clinic,
    once: Once,
    call_id: UUID,
) -> Response:
    """Say that you go there; whoever waits is told that somebody comes."""

    async def take() -> KioskCall:
        found = clinic.kiosk_calls.take(call_id, principal.actor)
        if found is None:
            raise not_found("call")
        return found

    return await once(take)


def _device(principal: Principal) -> PairedDevice:
    """The device that asks; only devices may what stands here."""
    if principal.device is None:
        raise forbidden("this is for paired tablets")
    return principal.device
