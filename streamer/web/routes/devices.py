"""`/devices`: tablets and screens that are bound to the site, by a token of each device's own."""

from http import HTTPStatus
from typing import Annotated

from fastapi import Path, Request, Response

from streamer.web.clinic import Clinic
from streamer.web.documented import NOT_FOUND, PROBLEMS, WRITE
from streamer.web.fields import Named
from streamer.web.models.base import Listed
from streamer.web.models.devices import (
    DevicePairing,
    DeviceWanted,
    Paired,
    PairingShown,
    SiteDevice,
)
from streamer.web.once import Once
from streamer.web.paging import PageAsked
from streamer.web.parts import Parts
from streamer.web.permissions import Permission
from streamer.web.ports import WebParts
from streamer.web.principal import Principal, Via
from streamer.web.problem import not_found, too_many
from streamer.web.require import PUBLIC_AND_DEVICES, require
from streamer.web.router import router
from streamer.web.security.cookies import (
    DEVICE,
    SESSION,
    clear_cookie,
    cookie_of,
    set_cookie,
)
from streamer.web.security.gate import client_address
from streamer.web.security.rate_limits import neighbourhood

devices = router("/devices", "devices")

Reader = Annotated[Principal, require(Permission.DEVICES_READ)]
Registrar = Annotated[Principal, require(Permission.DEVICES_WRITE)]
DeviceId = Annotated[Named, Path(examples=["kiosk-7"])]


@devices.get("", responses=PROBLEMS)
async def list_site_devices(
    _principal: Reader, clinic: Clinic, paging: PageAsked
) -> Listed[SiteDevice]:
    """List tablets and screens, revoked ones too."""
    return paging.part_of(list(await clinic.devices.listed()))


@devices.post("", status_code=HTTPStatus.CREATED, response_model=DevicePairing, responses=WRITE)
async def register_device(
    request: Request,
    principal: Registrar,
    parts: Parts,
    clinic: Clinic,
    once: Once,
    sent: DeviceWanted,
) -> Response:
    """Register a tablet or a screen; the answer says how to pair it, within ten minutes."""
    origin = _origin(request, parts)
    return await once(lambda: clinic.devices.add(sent, principal.actor, origin), HTTPStatus.CREATED)


@devices.post("/{device_id}/pairing", response_model=DevicePairing, responses=WRITE)
async def draw_pairing_code(
    request: Request,
    principal: Registrar,
    parts: Parts,
    clinic: Clinic,
    once: Once,
    device_id: DeviceId,
) -> Response:
    """Draw another pairing code, for another tablet or a token that has expired.

    The tablet that was paired before goes on until the code is used.
    """
    origin = _origin(request, parts)

    async def draw() -> DevicePairing:
        await _in_force(clinic, device_id)
        return await clinic.devices.draw(device_id, principal.actor, origin)

    return await once(draw)


@devices.delete("/{device_id}", response_model=SiteDevice, responses=WRITE)
async def revoke_device(
    principal: Registrar, clinic: Clinic, once: Once, device_id: DeviceId
) -> Response:
    """Take a device out of force, at once: it shows the page for pairing from then on."""

    async def revoke() -> SiteDevice:
        found = await clinic.devices.revoke(device_id, principal.actor)
        if found is None:
            raise not_found("device")
        return found

    return await once(revoke)


@devices.post("/pairings", dependencies=[PUBLIC_AND_DEVICES], responses=NOT_FOUND)
async def pair_device(
    request: Request, response: Response, parts: Parts, sent: PairingShown
) -> Paired:
    """Pair this browser: it gets a cookie that opens its page, and nothing else.

    A session it had ends: nobody's rights are left behind at a tablet.
    """
    place = neighbourhood(client_address(request.scope))
    wait_s = parts.entrance.pairing_tries.take(place, parts.clock.monotonic())
    if wait_s is not None:
        raise too_many(wait_s)
    now = parts.clock.now()
    found = await parts.entrance.pairing.pair(sent.code.get_secret_value(), now)
    if found is None:
        raise not_found("pairing code")
    device, token, until = found
    principal = getattr(request.state, "principal", None)
    cookie = cookie_of(request.cookies, SESSION)
    if isinstance(principal, Principal) and principal.via is Via.SESSION and cookie is not None:
        await parts.entrance.sign_in.end(cookie, principal)
    clear_cookie(response, SESSION)
    set_cookie(response, DEVICE, token, int((until - now).total_seconds()))
    return Paired(
        device_id=device.device_id,
        kind=device.kind,
        expires_at=until,
        page=f"/{device.kind.value}",
    )


async def _in_force(clinic: Clinic, device_id: str) -> None:
    listed = await clinic.devices.listed()
    if not any(one.device_id == device_id and one.revoked_at is None for one in listed):
        raise not_found("device")


def _origin(request: Request, parts: WebParts) -> str:
    """As this page was opened, which the gate has checked; else as people type it."""
    return parts.entrance.rules.public_url or f"{request.url.scheme}://{request.url.netloc}"
