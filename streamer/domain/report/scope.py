"""Whose visits of a report are meant: the site's, a department's or a practitioner's."""

from dataclasses import dataclass
from enum import StrEnum


class ScopeKind(StrEnum):
    """What a report or a line of it is about."""

    SITE = "site"
    DEPARTMENT = "department"
    PRACTITIONER = "practitioner"


@dataclass(frozen=True, slots=True)
class Scope:
    """One of them.

    Attributes:
        value: The department as appointments name it, the practitioner's reference; None of a site,
            and of the department of appointments that name none.
    """

    kind: ScopeKind
    value: str | None = None


WHOLE_SITE = Scope(ScopeKind.SITE)
