"""From who asks to whose rows they see. Pure; used by the routes that read."""

from streamer.domain.sight import Sight
from streamer.web.permissions import Permission
from streamer.web.principal import Principal
from streamer.web.problem import forbidden
from streamer.web.row_scope import RowScope, row_scope


def sight_of(principal: Principal, permission: Permission) -> Sight:
    """Return what the stores are told: nobody's rows where nothing says otherwise."""
    scope = row_scope(principal, permission)
    if scope is RowScope.ALL:
        return Sight(principal.account)
    if scope is RowScope.PSEUDONYMS:
        # What the consent to telling the payer is for; without it nothing is told.
        return Sight(principal.account, told_payer_only=True)
    own = principal.practitioner_refs if scope is RowScope.OWN else ()
    return Sight(principal.account, practitioner_refs=own)


def may_know_names(principal: Principal) -> bool:
    """May they be told the names of whichever patients they see?

    Who has `names:read` without `patients:read` is told names where a route says so, and no others.
    """
    return principal.may(Permission.PATIENTS_READ) and principal.may(Permission.NAMES_READ)


def is_pseudonymous(principal: Principal, permission: Permission) -> bool:
    """Is this somebody who is shown pseudonyms?"""
    return row_scope(principal, permission) is RowScope.PSEUDONYMS


def refuse_telling_filters(principal: Principal, permission: Permission, *given: object) -> None:
    """Who is shown pseudonyms can't ask for a patient, a practitioner or a room.

    The answer would tell whom a pseudonym stands for.

    Raises:
        Problem: One of the filters was given.
    """
    if is_pseudonymous(principal, permission) and any(one is not None for one in given):
        raise forbidden("with pseudonyms, lists are not filtered by whom or where")
