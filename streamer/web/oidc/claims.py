"""What a provider's claims mean here. Pure. Used by `oidc_sign_in`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from config.settings import Oidc
from streamer.domain.role import Role

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._@-]{0,63}")
_REF: Final = re.compile(r"\S{1,128}")


@dataclass(frozen=True, slots=True)
class Claimed:
    """What somebody is here, by the provider's word.

    Attributes:
        name: For their account; None = what they are called cannot be one.
        roles: By their groups; empty = they are nobody here.
        practitioner_refs: Whose appointments they bill.
    """

    name: str | None
    roles: tuple[Role, ...]
    practitioner_refs: tuple[str, ...]


def claimed(claims: Mapping[str, object], rules: Oidc) -> Claimed:
    """Read the claims of an ID token or of userinfo; what has another shape counts for nothing."""
    name = str(claims.get(rules.name_claim) or "").strip().lower()
    groups = _texts(claims.get(rules.roles_claim))
    roles = {Role(rules.roles[group]) for group in groups if group in rules.roles}
    refs = _texts(claims.get(rules.practitioner_claim)) if rules.practitioner_claim else ()
    return Claimed(
        name=name if _NAME.fullmatch(name) else None,
        roles=tuple(sorted(roles)),
        practitioner_refs=tuple(one for one in refs if _REF.fullmatch(one)),
    )


def _texts(value: object) -> tuple[str, ...]:
    """A text is a list of one."""
    if isinstance(value, str):
        return (value,)
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list) else ()
