"""Which rows a principal may see of what they may read at all. Pure; asked by the routes."""

from enum import StrEnum
from typing import Final

from streamer.domain.role import Role
from streamer.web.permissions import Permission, permissions_of
from streamer.web.principal import Principal


class RowScope(StrEnum):
    """How much of a listing is shown."""

    NONE = "none"
    PSEUDONYMS = "pseudonyms"
    OWN = "own"
    ALL = "all"


_NARROW: Final = {Role.PRACTITIONER: RowScope.OWN, Role.INSURER: RowScope.PSEUDONYMS}


def row_scope(principal: Principal, permission: Permission) -> RowScope:
    """Return what the roles that grant a permission let their holder see.

    A practitioner sees the rows of their own patients (`Principal.practitioner_refs`), an insurer
    every row under pseudonyms (`Pseudonyms`); whoever has another role that grants the permission
    sees all.
    """
    if not principal.may(permission):
        return RowScope.NONE
    scopes = {
        _NARROW.get(role, RowScope.ALL)
        for role in principal.roles
        if permission in permissions_of((role,))
    }
    for scope in (RowScope.ALL, RowScope.OWN, RowScope.PSEUDONYMS):
        if scope in scopes:
            return scope
    return RowScope.NONE


def is_own(principal: Principal, practitioner_ref: str) -> bool:
    """Is it an appointment that this person bills? Nobody's own is nobody's."""
    return practitioner_ref != "" and practitioner_ref in principal.practitioner_refs
