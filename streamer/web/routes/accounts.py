"""`/accounts`: who may sign in, and what they are. Each change is in the audit."""

from http import HTTPStatus
from typing import Annotated

from fastapi import Path, Response
from pydantic import StringConstraints

from streamer.domain.actor import acted_as
from streamer.web.clinic import Clinic
from streamer.web.documented import NOT_FOUND, PROBLEMS, WRITE
from streamer.web.models.accounts import (
    Account,
    AccountAdded,
    CamerasWanted,
    NewAccount,
    OneTimePassword,
    RolesWanted,
    SessionsEnded,
)
from streamer.web.models.base import Listed
from streamer.web.once import Once
from streamer.web.paging import PageAsked
from streamer.web.permissions import Permission
from streamer.web.principal import Principal
from streamer.web.problem import Problem, not_found
from streamer.web.require import require
from streamer.web.resources import Resources
from streamer.web.router import router

accounts = router("/accounts", "accounts")

Reader = Annotated[Principal, require(Permission.ACCOUNTS_READ)]
Admin = Annotated[Principal, require(Permission.ACCOUNTS_WRITE)]
# Those that a provider's word made may be called otherwise than new ones here.
Named = Annotated[
    str,
    StringConstraints(min_length=1, max_length=64, pattern=r"^[^/\x00-\x1f\x7f]+$"),
    Path(examples=["dina"]),
]


@accounts.get("", responses=PROBLEMS)
async def list_accounts(_principal: Reader, clinic: Clinic, paging: PageAsked) -> Listed[Account]:
    """List the accounts, disabled ones too."""
    return paging.part_of(list(await clinic.installation.accounts.listed()))


@accounts.get("/{account}", responses=NOT_FOUND)
async def show_account(_principal: Reader, clinic: Clinic, account: Named) -> Account:
    """Show one account."""
    return await _one(clinic, account)


@accounts.post("", status_code=HTTPStatus.CREATED, response_model=AccountAdded, responses=WRITE)
async def add_account(principal: Admin, clinic: Clinic, once: Once, sent: NewAccount) -> Response:
    """Add an account, with a one-time password that is shown this once.

    Whoever signs in by it may do nothing but choose a password of their own. It is good for 72
    hours. Without one they sign in at the provider, or programs by tokens.
    """
    return await once(
        lambda: clinic.installation.accounts.add(sent, principal.actor), HTTPStatus.CREATED
    )


@accounts.put("/{account}/roles", response_model=Account, responses=WRITE)
async def set_roles(
    principal: Admin, clinic: Clinic, once: Once, account: Named, sent: RolesWanted
) -> Response:
    """Say all that somebody is from now on; whoever is signed in as them is signed out.

    Nobody changes their own. The last admin who can sign in stays one.
    """

    async def change() -> Account:
        await _other(clinic, principal, account)
        return await clinic.installation.accounts.set_roles(
            account, sent.roles, sent.practitioner_refs, principal.actor
        )

    return await once(change)


@accounts.put("/{account}/cameras", response_model=Account, responses=WRITE)
async def grant_cameras(
    principal: Admin, clinic: Clinic, once: Once, account: Named, sent: CamerasWanted
) -> Response:
    """Say which cameras somebody may see or change from now on. Nobody grants themselves any."""

    async def change() -> Account:
        await _other(clinic, principal, account)
        return await clinic.installation.accounts.set_cameras(
            account, sent.cameras, principal.actor
        )

    return await once(change)


@accounts.post("/{account}/disable", response_model=Account, responses=WRITE)
async def disable_account(principal: Admin, clinic: Clinic, once: Once, account: Named) -> Response:
    """End an account at once, with its sessions and tokens. What it did stays on record.

    Nobody ends their own. The last admin who can sign in stays.
    """
    return await _switch(principal, clinic, once, account, on=False)


@accounts.post("/{account}/enable", response_model=Account, responses=WRITE)
async def enable_account(principal: Admin, clinic: Clinic, once: Once, account: Named) -> Response:
    """Let a disabled account sign in again, with the password and tokens it had."""
    return await _switch(principal, clinic, once, account, on=True)


@accounts.post("/{account}/one-time-password", response_model=OneTimePassword, responses=WRITE)
async def reset_password(principal: Admin, clinic: Clinic, once: Once, account: Named) -> Response:
    """Draw somebody a one-time password, shown this once; they are signed out everywhere.

    It opens nothing but the choice of a password of their own, for 72 hours. One's own password is
    changed by PUT /session/password.
    """

    async def draw() -> OneTimePassword:
        await _other(clinic, principal, account)
        return await clinic.installation.accounts.one_time_password(account, principal.actor)

    return await once(draw)


@accounts.delete("/{account}/sessions", response_model=SessionsEnded, responses=WRITE)
async def end_sessions(principal: Admin, clinic: Clinic, once: Once, account: Named) -> Response:
    """Sign somebody out everywhere. Tokens stay."""

    async def end() -> SessionsEnded:
        await _one(clinic, account)
        return await clinic.installation.accounts.end_sessions(account, principal.actor)

    return await once(end)


async def _switch(
    principal: Principal, clinic: Resources, once: Once, account: str, *, on: bool
) -> Response:
    async def switch() -> Account:
        await _other(clinic, principal, account)
        return await clinic.installation.accounts.switch(account, on, principal.actor)

    return await once(switch)


async def _one(clinic: Resources, account: str) -> Account:
    """There is none: raises Problem."""
    found = await clinic.installation.accounts.find(account)
    if found is None:
        raise not_found("account")
    return found


async def _other(clinic: Resources, principal: Principal, account: str) -> None:
    """There is none, or it is their own: raises Problem."""
    found = await _one(clinic, account)
    if acted_as(principal.account, found.account):
        detail = "this is your own account; another admin changes it, or whoever runs the machine"
        raise Problem(HTTPStatus.CONFLICT, "own-account", detail)
