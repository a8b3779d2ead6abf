"""`kirdi users`: who may sign in, and what they are."""

import asyncio
import os
import re
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, Final, TypeVar

import typer

from config.settings import Settings
from streamer.acting import acting
from streamer.clock import SystemClock
from streamer.commands.accounts_shared import names_in, one_of, read_password
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
from streamer.domain.account import Account, Identity, NewAccount
from streamer.domain.role import Role
from streamer.embedded.home import kirdi_home
from streamer.errors import InputError

if TYPE_CHECKING:
    from streamer.backend import Backend

app = typer.Typer(help="Accounts of the staff, for the API.", no_args_is_help=True)

COLUMNS: Final = (
    "account",
    "roles",
    "practitioner_refs",
    "cameras",
    "signs_in_by",
    "last_sign_in",
    "disabled",
)
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._@-]{0,63}")
_T = TypeVar("_T")

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="Of the account.")]
RoleOption = Annotated[
    str, typer.Option("--role", metavar="ROLE[,ROLE]", help=f"Of {', '.join(Role)}.")
]
CamerasOption = Annotated[
    str | None,
    typer.Option("--cameras", metavar="all|none|ID[,ID]", help="Cameras they may use."),
]
RefsOption = Annotated[
    str | None,
    typer.Option("--practitioner", metavar="REF[,REF]", help="Whose appointments they bill."),
]


@app.command()
def add(
    name: NameArgument,
    role: RoleOption,
    cameras: CamerasOption = None,
    practitioner: RefsOption = None,
    no_password: Annotated[
        bool, typer.Option("--no-password", help="They sign in at the provider only, or by tokens.")
    ] = False,
    by: ByOption = "",
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add an account; its password is asked for, or read from standard input.

    It may use no camera unless --cameras says so; an admin's may use all.
    """
    settings = read_settings(config)
    name = name.strip().lower()
    if not _NAME.fullmatch(name):
        raise InputError(
            f"account {name!r}: write names with a-z, 0-9 and . _ @ -, 64 characters at most"
        )
    roles = _roles(role)
    allowed = _cameras(cameras)
    if cameras is None and Role.ADMIN in roles:
        allowed = None
    password = None if no_password else read_password(name)

    async def work(backend: "Backend") -> Account:
        hashed = None if password is None else await _hashed(backend, password)
        new = NewAccount(name, roles, names_in(practitioner), allowed, hashed)
        return await backend.accounts.add(new, acting(settings, by), backend.clock.now())

    added = _with_backend(settings, work)
    if as_json:
        print_json([_row(added)])
    else:
        say(f"Account {name} was added: {', '.join(roles)}.")


@app.command("list")
def list_accounts(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """List the accounts."""
    settings = read_settings(config)
    found = _with_backend(settings, lambda backend: backend.accounts.listed())
    rows = [_row(one) for one in found]
    if not as_json:
        rows = [
            row
            | {
                "roles": ", ".join(one.roles),
                "practitioner_refs": ", ".join(one.practitioner_refs),
                "cameras": "all" if one.cameras is None else ", ".join(one.cameras) or "none",
                "signs_in_by": ", ".join(_ways(one)),
                "last_sign_in": _day(one.last_sign_in_at, settings),
                "disabled": _day(one.disabled_at, settings),
            }
            for row, one in zip(rows, found, strict=True)
        ]
    print_rows(
        Rows(COLUMNS, rows, settings.site.zone),
        as_json,
        "There are no accounts; add one by `kirdi users add NAME --role admin`.",
    )


@app.command()
def role(
    name: NameArgument,
    roles: Annotated[str, typer.Argument(metavar="ROLE[,ROLE]", help="All they are from now on.")],
    practitioner: RefsOption = None,
    by: ByOption = "",
    config: ConfigOption = None,
) -> None:
    """Say what somebody is; whoever is signed in as them is signed out."""
    settings, wanted = read_settings(config), _roles(roles)

    async def work(backend: "Backend") -> None:
        actor, now = acting(settings, by), backend.clock.now()
        refs = None if practitioner is None else names_in(practitioner)
        await backend.accounts.set_roles(name, wanted, actor, now, practitioner_refs=refs)

    _with_backend(settings, work)
    say(f"Account {name}: {', '.join(wanted)}.")


@app.command()
def cameras(
    name: NameArgument,
    ids: Annotated[str, typer.Argument(metavar="all|none|ID[,ID]", help="From now on.")],
    by: ByOption = "",
    config: ConfigOption = None,
) -> None:
    """Say which cameras somebody may see or change."""
    settings, allowed = read_settings(config), _cameras(ids)
    _with_backend(
        settings,
        lambda backend: backend.accounts.set_cameras(
            name, allowed, acting(settings, by), backend.clock.now()
        ),
    )
    say(f"Account {name}: {'all cameras' if allowed is None else ', '.join(allowed) or 'none'}.")


@app.command()
def password(name: NameArgument, by: ByOption = "", config: ConfigOption = None) -> None:
    """Give somebody a new password; asked for, or read from standard input.

    Whoever is signed in as them is signed out.
    """
    settings = read_settings(config)
    wanted = read_password(name.strip().lower())

    async def work(backend: "Backend") -> None:
        hashed = await _hashed(backend, wanted)
        await backend.accounts.set_password(name, hashed, acting(settings, by), backend.clock.now())

    _with_backend(settings, work)
    say(f"Account {name} has a new password; whoever was signed in is signed out.")


@app.command()
def disable(name: NameArgument, by: ByOption = "", config: ConfigOption = None) -> None:
    """End an account at once, with its sessions and tokens. What it did stays on record."""
    settings = read_settings(config)
    _with_backend(
        settings,
        lambda backend: backend.accounts.disable(name, acting(settings, by), backend.clock.now()),
    )
    say(f"Account {name} is disabled.")


@app.command()
def enable(name: NameArgument, by: ByOption = "", config: ConfigOption = None) -> None:
    """Let a disabled account sign in again."""
    settings = read_settings(config)
    _with_backend(
        settings,
        lambda backend: backend.accounts.enable(name, acting(settings, by), backend.clock.now()),
    )
    say(f"Account {name} may sign in again.")


@app.command()
def link(
    name: NameArgument,
    subject: Annotated[
        str, typer.Argument(metavar="SUBJECT", help="Their `sub` at the provider; none = unlink.")
    ],
    by: ByOption = "",
    config: ConfigOption = None,
) -> None:
    """Let somebody sign in at the provider as this account, with the roles it has here."""
    settings = read_settings(config)
    issuer = settings.oidc.issuer
    if issuer is None:
        raise InputError("oidc.issuer is not set; there is no provider")
    identity = None if subject == "none" else Identity(issuer, subject)
    _with_backend(
        settings,
        lambda backend: backend.accounts.link(
            name, identity, acting(settings, by), backend.clock.now()
        ),
    )
    say(f"Account {name} is {'unlinked' if identity is None else f'{subject} at {issuer}'}.")


def _roles(text: str) -> tuple[Role, ...]:
    given = names_in(text)
    if not given:
        raise InputError(f"give a role; there are {', '.join(Role)}")
    one_of(given, list(Role), "role")
    return tuple(Role(one) for one in given)


def _cameras(text: str | None) -> tuple[str, ...] | None:
    if text == "all":
        return None
    return () if text == "none" else names_in(text)


def _row(account: Account) -> dict[str, object]:
    return {
        "account": account.name,
        "roles": list(account.roles),
        "practitioner_refs": list(account.practitioner_refs),
        "cameras": None if account.cameras is None else list(account.cameras),
        "signs_in_by": _ways(account),
        "last_sign_in": account.last_sign_in_at,
        "disabled": account.disabled_at,
    }


def _ways(account: Account) -> list[str]:
    ways = {"password": account.password_hash is not None, "provider": account.identity is not None}
    return [name for name, has in ways.items() if has]


def _day(moment: object, settings: Settings) -> str:
    from datetime import datetime

    if not isinstance(moment, datetime):
        return ""
    return f"{moment.astimezone(settings.site.zone):%Y-%m-%d %H:%M}"


async def _hashed(backend: "Backend", password: str) -> str:
    from streamer.crypto.passwords import Passwords

    hasher = Passwords(backend.database.web_secrets.pepper)
    return await asyncio.to_thread(hasher.hash, password)


def _with_backend(settings: Settings, work: "Callable[[Backend], Awaitable[_T]]") -> _T:
    from streamer.backend import open_backend

    async def run() -> _T:
        async with open_backend(settings, kirdi_home(os.environ), SystemClock()) as backend:
            return await work(backend)

    return asyncio.run(run())
