"""`kirdi devices`: tablets and screens that are bound to the site."""

import asyncio
import os
from collections.abc import Callable, Coroutine
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Final

import typer

from config.settings import Settings
from streamer.acting import acting
from streamer.clock import SystemClock
from streamer.commands.by_option import ByOption
from streamer.commands.invocation import (
    ConfigOption,
    JsonOption,
    Rows,
    print_json,
    print_rows,
    read_settings,
    say,
)
from streamer.domain.device import DeviceKind, PairingCode
from streamer.embedded.home import kirdi_home

app = typer.Typer(help="Tablets and screens: kiosks and ticket boards.", no_args_is_help=True)

COLUMNS: Final = ("device_id", "kind", "building", "state", "expires", "last_used")
NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="As kiosk-7.")]


@app.command()
def add(
    name: NameArgument,
    kind: Annotated[DeviceKind, typer.Option("--kind", help="What it is for.")] = DeviceKind.KIOSK,
    building: Annotated[
        str | None, typer.Option("--building", help="One of site.buildings; else the first.")
    ] = None,
    days: Annotated[
        int, typer.Option("--days", min=1, max=366, help="Then it has to be paired anew.")
    ] = 180,
    by: ByOption = "",
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Register a device; prints the code to pair it with, good once and for ten minutes."""
    from streamer.api.devices import new_device

    settings = read_settings(config)
    new = new_device(settings, name, kind, building, days)
    actor = acting(settings, by)
    made = _with_devices(settings, lambda devices, now: devices.add(new, actor, now))
    _show(made, settings, as_json)


@app.command()
def pair(
    name: NameArgument,
    by: ByOption = "",
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Draw another pairing code; the tablet paired before goes on until it is used."""
    settings = read_settings(config)
    actor = acting(settings, by)
    made = _with_devices(settings, lambda devices, now: devices.draw(name, actor, now))
    _show(made, settings, as_json)


@app.command("list")
def list_devices(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """List the devices, revoked ones too."""
    settings, clock = read_settings(config), SystemClock()
    found = _with_devices(settings, lambda devices, _now: devices.listed())
    now = clock.now()
    rows = [
        asdict(one)
        | {"state": one.state(now), "expires": one.expires_at, "last_used": one.last_used_at}
        for one in found
    ]
    if not as_json:
        rows = [
            row | {key: _moment(row[key], settings) for key in ("expires", "last_used")}
            for row in rows
        ]
    print_rows(Rows(COLUMNS, rows, settings.site.zone), as_json, "There are no devices.")


@app.command()
def revoke(name: NameArgument, by: ByOption = "", config: ConfigOption = None) -> None:
    """Take a device out of force, at once; its name may be given again."""
    settings = read_settings(config)
    actor = acting(settings, by)
    _with_devices(settings, lambda devices, now: devices.revoke(name, actor, now))
    say(f"{name} is good for nothing any more.")


def _with_devices(
    settings: Settings, work: Callable[[Any, datetime], Coroutine[Any, Any, Any]]
) -> Any:
    from streamer.backend import open_backend

    async def opened() -> Any:
        clock = SystemClock()
        async with open_backend(settings, kirdi_home(os.environ), clock) as backend:
            return await work(backend.devices, clock.now())

    return asyncio.run(opened())


def _show(made: PairingCode, settings: Settings, as_json: bool) -> None:
    from streamer.api.devices import pairing_address
    from streamer.checkin.codes.qr_picture import qr_lines

    address = None
    if settings.web.public_url is not None:
        address = pairing_address(settings.web.public_url, made.code)
    if as_json:
        print_json([asdict(made) | {"address": address}])
        return
    for line in qr_lines(address) if address is not None else ():
        say(line)
    until = f"{made.until.astimezone(settings.site.zone):%H:%M}"
    say(f"{made.code}   good once, until {until}. Type it at the tablet, on the page /kiosk/pair.")


def _moment(moment: datetime | None, settings: Settings) -> str:
    return "" if moment is None else f"{moment.astimezone(settings.site.zone):%Y-%m-%d %H:%M}"
