"""`kirdi tokens`: what programs sign in with."""

import asyncio
import os
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Annotated, Final
from uuid import UUID

import typer

from config.settings import Settings
from streamer.acting import acting
from streamer.clock import SystemClock
from streamer.commands.accounts_shared import names_in, one_of
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
from streamer.domain.account import TokenRow
from streamer.embedded.home import kirdi_home
from streamer.errors import InputError

app = typer.Typer(help="Tokens by which programs use the API.", no_args_is_help=True)

COLUMNS: Final = ("token_id", "account", "name", "scopes", "state", "expires", "last_used")
_LONGEST_DAYS: Final = 366


@app.command()
def create(
    account: Annotated[str, typer.Argument(metavar="ACCOUNT", help="Whose: it may no more.")],
    scope: Annotated[
        str, typer.Option("--scope", metavar="SCOPE[,SCOPE]", help="As check-ins:read; see docs.")
    ],
    name: Annotated[str, typer.Option("--name", help="What it is for.")] = "token",
    days: Annotated[
        int, typer.Option("--days", min=1, max=_LONGEST_DAYS, help="So long it lasts.")
    ] = 90,
    by: ByOption = "",
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a token; it is shown once and stored nowhere."""
    from streamer.backend import open_backend
    from streamer.web.idle_scopes import refuse_idle_scopes
    from streamer.web.permissions import Permission

    settings, scopes = read_settings(config), names_in(scope)
    if not scopes:
        raise InputError("give a scope, such as --scope check-ins:read")
    one_of(scopes, list(Permission), "scope")
    label = " ".join(name.split())[:64] or "token"

    async def work() -> tuple[UUID, str]:
        clock = SystemClock()
        async with open_backend(settings, kirdi_home(os.environ), clock) as backend:
            found = await backend.accounts.find(account)
            if found is not None:
                refuse_idle_scopes(found, scopes)
            return await backend.tokens.create(
                account.strip().lower(),
                label,
                scopes,
                timedelta(days=days),
                acting(settings, by),
                clock.now(),
            )

    token_id, token = asyncio.run(work())
    if as_json:
        print_json([{"token_id": token_id, "token": token, "scopes": list(scopes)}])
        return
    lasts = "a day" if days == 1 else f"{days} days"
    say(f"Token {token_id} of {account}, for {lasts}. It is shown this once:")
    say(token)


@app.command("list")
def list_tokens(
    account: Annotated[str | None, typer.Argument(metavar="[ACCOUNT]", help="Only its.")] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the tokens; what they are nobody can say any more."""
    from streamer.backend import open_backend

    settings, clock = read_settings(config), SystemClock()

    async def work() -> list[TokenRow]:
        async with open_backend(settings, kirdi_home(os.environ), clock) as backend:
            return await backend.tokens.listed(account)

    found, now = asyncio.run(work()), clock.now()
    rows = [
        asdict(one)
        | {"state": _state(one, now), "expires": one.expires_at, "last_used": one.last_used_at}
        for one in found
    ]
    if not as_json:
        rows = [
            row
            | {
                "scopes": ", ".join(one.scopes),
                "expires": _moment(one.expires_at, settings),
                "last_used": _moment(one.last_used_at, settings),
            }
            for row, one in zip(rows, found, strict=True)
        ]
    print_rows(Rows(COLUMNS, rows, settings.site.zone), as_json, "There are no tokens.")


@app.command()
def revoke(
    token_id: Annotated[str, typer.Argument(metavar="TOKEN_ID", help="As the list has it.")],
    by: ByOption = "",
    config: ConfigOption = None,
) -> None:
    """Take a token out of force, at once."""
    from streamer.backend import open_backend

    settings, clock = read_settings(config), SystemClock()
    try:
        wanted = UUID(token_id)
    except ValueError as error:
        raise InputError(f"token {token_id!r}: not an id; see `kirdi tokens list`") from error

    async def work() -> None:
        async with open_backend(settings, kirdi_home(os.environ), clock) as backend:
            await backend.tokens.revoke(wanted, acting(settings, by), clock.now())

    asyncio.run(work())
    say(f"Token {wanted} is good for nothing any more.")


def _state(token: TokenRow, now: datetime) -> str:
    if token.revoked_at is not None:
        return "revoked"
    return "expired" if token.expires_at <= now else "in force"


def _moment(moment: datetime | None, settings: Settings) -> str:
    return "" if moment is None else f"{moment.astimezone(settings.site.zone):%Y-%m-%d %H:%M}"
