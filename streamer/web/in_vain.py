"""Who asks for what is not theirs is put on record, and slowed. Used by `router` and by lists.

Whoever asks in vain too often is answered 429: nothing is told that is not on record.
"""

from http import HTTPStatus

from fastapi import Request

from streamer.domain.asked_for import AskedFor
from streamer.web.parts import parts_of
from streamer.web.permissions import Permission
from streamer.web.ports import WebParts
from streamer.web.principal import Principal
from streamer.web.problem import Problem, too_many
from streamer.web.row_scope import RowScope, row_scope


async def refused(request: Request, route: str, problem: Problem) -> None:
    """Have on record that somebody was refused, or told that there is no such thing.

    Args:
        request: Whose.
        route: Method and pattern: the path itself may hold somebody's reference.
        problem: What they are about to be told.

    Raises:
        Problem: They ask in vain too often; nothing was recorded, and they are told no more.
        DatabaseError: It is not on record.
    """
    principal = getattr(request.state, "principal", None)
    if not isinstance(principal, Principal):
        return
    parts = parts_of(request)
    if problem.status is HTTPStatus.FORBIDDEN:
        _slow(parts, principal)
        await parts.entrance.denials.denied(
            principal.account, route, parts.clock.now(), problem.asked
        )
    elif problem.asked is not None:
        await in_vain(parts, principal, route, problem.asked)


async def in_vain(parts: WebParts, principal: Principal, route: str, wanted: AskedFor) -> None:
    """Have on record that somebody asked for what is not there for them; raises as `refused`."""
    _slow(parts, principal)
    await parts.entrance.denials.missed(principal.account, route, wanted, parts.clock.now())


async def searched_in_vain(
    parts: WebParts,
    principal: Principal,
    permission: Permission,
    patient_ref: str | None,
    practitioner_ref: str | None = None,
) -> None:
    """Have on record that somebody who sees their own rows asked a list for somebody else's.

    Args:
        parts: Where.
        principal: Who was shown an empty list.
        permission: By which they may read it at all.
        patient_ref: Whom they asked for.
        practitioner_ref: Likewise.

    Raises:
        Problem: As `refused`.
        DatabaseError: Likewise.
    """
    if row_scope(principal, permission) is not RowScope.OWN:
        return
    own = principal.practitioner_refs
    if patient_ref is not None:
        wanted = AskedFor("Patient", patient_ref, own=own)
    elif practitioner_ref is not None and practitioner_ref not in own:
        wanted = AskedFor("Practitioner", practitioner_ref)
    else:
        return
    await in_vain(parts, principal, f"list {permission}", wanted)


def _slow(parts: WebParts, principal: Principal) -> None:
    wait_s = parts.entrance.vain_tries.take(principal.account, parts.clock.monotonic())
    if wait_s is not None:
        raise too_many(wait_s)
