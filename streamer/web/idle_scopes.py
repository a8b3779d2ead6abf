"""Refuses tokens with scopes their account could not use. Called by `kirdi tokens` and the API."""

from collections.abc import Sequence

from streamer.domain.account import Account
from streamer.domain.role import Role
from streamer.errors import InputError
from streamer.web.permissions import Permission, permissions_of


def refuse_idle_scopes(account: Account, scopes: Sequence[str]) -> None:
    """A scope gives nothing that the account may not.

    Raises:
        InputError: Names each, and the roles that would give it.
    """
    may = permissions_of(account.roles)
    idle = [one for one in map(Permission, scopes) if one not in may]
    if not idle:
        return
    lacking = []
    for one in idle:
        roles = [role.value for role in Role if one in permissions_of([role])]
        takes = f"takes the role {' or '.join(roles)}" if roles else "is for paired devices alone"
        lacking.append(f"{one} {takes}")
    raise InputError(
        f"account {account.name}: is {', '.join(account.roles) or 'of no role'}, so that the token "
        f"could not use every scope: {'; '.join(lacking)}. Leave them out, or give it the role; no "
        "token was made",
        command="see `kirdi users role`",
    )
