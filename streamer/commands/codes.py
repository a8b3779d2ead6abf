"""`kirdi codes`: checking in without a face, by six digits, a QR code or the national documents."""

import asyncio
import os
import sys
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from config.settings import Settings
from streamer.acting import acting
from streamer.clock import SystemClock
from streamer.commands.by_option import ByOption
from streamer.commands.day import DateOption, day_of
from streamer.commands.invocation import (
    ConfigOption,
    JsonOption,
    Rows,
    print_json,
    print_rows,
    read_settings,
    say,
)
from streamer.embedded.home import kirdi_home
from streamer.errors import InputError, OutsideError

if TYPE_CHECKING:
    from streamer.checkin.codes.claim import Redeemed
    from streamer.domain.code import CodeOrder, IssuedCode
    from streamer.storage.attempts import AttemptRow

app = typer.Typer(help="Check in without a face: codes and QR codes.", no_args_is_help=True)

COLUMNS = (
    "patient_ref",
    "appointment_ref",
    "kind",
    "grade",
    "state",
    "issued_at",
    "issued_by",
    "expires_at",
    "redeemed_at",
    "redeemed_by",
    "device",
)
WAITING_COLUMNS = ("scope", "subject", "today", "blocked_until")

REFUSED = (
    "not accepted. It may be mistyped, used, replaced, expired or hours too early; or you have "
    "issued it or treat the patient, and a colleague has to take it; or this device waits after "
    "too many wrong ones. Issue a new one, or try another device."
)
AWAY = (
    "Check in with a code or QR code of the clinic's own instead (kirdi codes issue), or by hand "
    "(kirdi check-ins add)"
)


@app.command()
def issue(
    patient_ref: Annotated[
        str | None, typer.Argument(metavar="[PATIENT_REF]", help="For all they have today.")
    ] = None,
    appointment: Annotated[
        str | None,
        typer.Option("--appointment", metavar="REF", help="For this appointment alone, instead."),
    ] = None,
    send: Annotated[
        bool,
        typer.Option("--send", help="To the patient's registered phone; it is shown to nobody."),
    ] = False,
    qr: Annotated[
        str | None,
        typer.Option("--qr", metavar="FILE.png", help="A QR code instead; - draws it here."),
    ] = None,
    by: ByOption = "",
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Issue a one-time code; it is shown once and stored nowhere.

    A former code for the same is revoked. Whoever issues it cannot redeem it.
    """
    from streamer.domain.code import CodeKind, CodeOrder

    if (patient_ref is None) == (appointment is None):
        raise InputError("give a PATIENT_REF or --appointment REF, one of them")
    settings = read_settings(config)
    kind = CodeKind.DIGITS if qr is None else CodeKind.QR
    order = CodeOrder(patient_ref, appointment, kind, send)
    picture = None if qr in (None, "-") else Path(qr or "")
    if picture is not None:
        _check_place(picture)
    issued = asyncio.run(_issue(order, settings, by))
    _hand_over(issued, order, picture, as_json, settings)


@app.command()
def redeem(
    code: Annotated[str, typer.Argument(help="Six digits or a QR code's text; - reads a line.")],
    device: Annotated[str, typer.Option("--device", help="One of codes.devices.")],
    building: Annotated[
        str | None, typer.Option("--building", help="Where it stands, if not where it is set.")
    ] = None,
    chosen: Annotated[
        list[str] | None,
        typer.Option(
            "--for", metavar="REF", help="Whom a guardian comes with: appointments, or all."
        ),
    ] = None,
    egov: Annotated[
        bool, typer.Option("--egov", help="It is a code of the national digital documents.")
    ] = False,
    by: ByOption = "",
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Redeem a code: whoever can arrive now arrives. Needs no running service.

    A guardian's code first lists the dependants with appointments; choose all who have come at once
    with --for, as often as needed: that uses the code up.
    """
    settings = read_settings(config)
    if egov and settings.egov.url is None:
        raise InputError("--egov: egov.url is not set; set it, or issue a code of the clinic's own")
    text = sys.stdin.readline(4096).strip() if code == "-" else code
    redeemed = asyncio.run(_redeem(settings, text, device, building, tuple(chosen or ()), egov, by))
    if as_json:
        row = {
            key: value for key, value in asdict(redeemed).items() if key not in ("code_id", "fault")
        }
        print_json([row])
    else:
        _tell(redeemed, settings)
    if redeemed.answer.value == "refused":
        raise InputError(f"code: {REFUSED}")
    if redeemed.answer.value == "away":
        raise OutsideError(f"{redeemed.fault}. {AWAY}")


@app.command("list")
def list_(
    day: DateOption = "today",
    by: ByOption = "",
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """List a day's codes and what became of them; never their digits."""
    settings = read_settings(config)
    wanted = day_of(day, settings.site.zone)

    async def work() -> list[dict[str, object]]:
        from streamer.backend import open_backend

        async with open_backend(settings, kirdi_home(os.environ), SystemClock()) as backend:
            found = await backend.listing.codes(wanted, acting(settings, by))
            return [asdict(row) for row in found]

    rows = asyncio.run(work())
    if not as_json:
        # Issued, or good, on other days than the one that is listed.
        rows = [
            row | {key: _moment(row[key], settings) for key in ("issued_at", "expires_at")}
            for row in rows
        ]
    print_rows(
        Rows(COLUMNS, rows, settings.site.zone),
        as_json,
        f"No codes on {wanted.isoformat()}.",
    )


@app.command()
def waiting(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """List where wrong codes were shown today, and which devices have to wait."""
    settings = read_settings(config)

    async def work() -> "list[AttemptRow]":
        from streamer.backend import open_backend
        from streamer.code_counters import attempts_of

        clock = SystemClock()
        async with open_backend(settings, kirdi_home(os.environ), clock) as backend:
            return await attempts_of(backend).listed(clock.now())

    rows = [asdict(row) for row in asyncio.run(work())]
    print_rows(
        Rows(WAITING_COLUMNS, rows, settings.site.zone), as_json, "No wrong codes were shown today."
    )


@app.command()
def unblock(
    device: Annotated[str, typer.Argument(help="A device, or a kiosk camera, that has to wait.")],
    by: ByOption = "",
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let a device take codes again at once: you have looked who was trying there.

    Not for practitioners: codes of their own patients are taken there, too.
    """
    settings = read_settings(config)

    async def work() -> bool:
        import structlog

        from streamer.backend import open_backend
        from streamer.code_counters import attempts_of
        from streamer.storage.attempts import Scope

        actor = acting(settings, by)
        async with open_backend(settings, kirdi_home(os.environ), SystemClock()) as backend:
            done = await attempts_of(backend).forgive(
                Scope.DEVICE, device, actor, backend.clock.now()
            )
        if done:
            structlog.get_logger(__name__).warning("device unblocked", device=device, by=actor.name)
        return done

    done = asyncio.run(work())
    if as_json:
        print_json([{"device": device, "forgiven": done}])
    else:
        say(f"{device}: takes codes again." if done else f"{device}: had nothing to forget.")


async def _issue(order: "CodeOrder", settings: Settings, by: str) -> "IssuedCode":
    from streamer.backend import open_backend
    from streamer.code_counters import issuing

    async with open_backend(settings, kirdi_home(os.environ), SystemClock()) as backend:
        return await issuing(backend).issue(order, acting(settings, by))


async def _redeem(
    settings: Settings,
    text: str,
    device_name: str,
    building: str | None,
    chosen: tuple[str, ...],
    egov: bool,
    by: str,
) -> "Redeemed":
    from streamer.backend import open_backend
    from streamer.checkin.codes.claim import Claim
    from streamer.code_counters import device_named, hands_in_it, redeeming

    device = device_named(settings, device_name, building)
    claim = Claim(text, device, egov, chosen)
    actors = hands_in_it(settings, acting(settings, by), device)
    async with open_backend(settings, kirdi_home(os.environ), SystemClock()) as backend:
        return await redeeming(backend).redeem(claim, actors)


def _check_place(picture: Path) -> None:
    """Before a code is issued: once it is, it is shown this one time.

    Raises:
        InputError: The picture cannot be written there.
    """
    if picture.suffix.lower() != ".png":
        raise InputError(f"--qr {picture}: the picture is a PNG; name it so")
    folder = picture.absolute().parent
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        raise InputError(f"--qr {picture}: {folder} is no folder that can be written to")


def _hand_over(
    issued: "IssuedCode",
    order: "CodeOrder",
    picture: Path | None,
    as_json: bool,
    settings: Settings,
) -> None:
    """Show the code, this once."""
    from streamer.domain.code import CodeKind

    if picture is not None:
        _write(picture, issued.secret)
    if as_json:
        row = {
            key: value
            for key, value in asdict(issued).items()
            if key not in ("secret", "phone", "language")
        }
        print_json([row | {"code": None if order.sent else issued.secret}])
        return
    until = _moment(issued.expires_at, settings)
    if order.sent:
        say(f"Sent to the registered phone; good until {until}.")
    elif picture is not None:
        say(f"{picture}: print it; good until {until}.")
    elif order.kind is CodeKind.QR:
        from streamer.checkin.codes.qr_picture import qr_lines

        for line in (*qr_lines(issued.secret), f"Good until {until}."):
            say(line)
    else:
        say(f"{issued.secret[:3]} {issued.secret[3:]}   good until {until}; shown this once.")
    if issued.tickets:
        say(f"Number on the board: {', '.join(map(str, issued.tickets))}")


def _write(picture: Path, text: str) -> None:
    from streamer.checkin.codes.qr_picture import qr_png

    try:
        descriptor = os.open(picture, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(qr_png(text))
    except OSError as error:
        raise InputError(
            f"--qr {picture}: cannot be written ({error.strerror}); issue another code"
        ) from error


def _moment(moment: object, settings: Settings) -> str:
    assert isinstance(moment, datetime)
    return f"{moment.astimezone(settings.site.zone):%Y-%m-%d %H:%M}"


def _tell(redeemed: "Redeemed", settings: Settings) -> None:
    from streamer.commands.redeemed_words import redeemed_words

    opens_before = timedelta(minutes=settings.arrival.opens_before_min)
    for line in redeemed_words(redeemed, settings.site.zone, opens_before):
        say(line)
