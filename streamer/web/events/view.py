"""What of the day's changes somebody may be told. Made of a principal by `routes.events`."""

from dataclasses import dataclass
from typing import Self

from streamer.web.permissions import Permission
from streamer.web.principal import Principal
from streamer.web.row_scope import RowScope, row_scope


@dataclass(frozen=True, slots=True)
class View:
    """One page's.

    Attributes:
        rows: Rows of appointments at all.
        practitioner_refs: Of these practitioners only; None = of all.
        seen: With flags of presences.
        codes: With what codes there are.
        consents: With whether the patient consents and is enrolled.
        reviews: That a review came or went.
        cameras: Of these cameras' pictures only; None = of all.
    """

    rows: bool
    practitioner_refs: frozenset[str] | None
    seen: bool
    codes: bool
    consents: bool
    reviews: bool
    cameras: frozenset[str] | None

    @classmethod
    def of(cls, principal: Principal) -> Self:
        """What they may read, they may follow; but nothing under pseudonyms.

        When a row changes, and which others do, would tell whom its pseudonym stands for.
        """
        scope = row_scope(principal, Permission.APPOINTMENTS_READ)
        own = frozenset(principal.practitioner_refs) if scope is RowScope.OWN else None
        return cls(
            rows=scope in (RowScope.ALL, RowScope.OWN),
            practitioner_refs=own,
            seen=principal.may(Permission.PRESENCES_READ),
            codes=principal.may(Permission.CODES_READ),
            consents=principal.may(Permission.CONSENTS_READ),
            reviews=principal.may(Permission.REVIEWS_READ),
            cameras=principal.cameras,
        )

    @property
    def empty(self) -> bool:
        """Is there nothing that they may follow?"""
        return not (self.rows or self.reviews)

    def may_see_review(self, camera_id: str | None) -> bool:
        """As the list of reviews has it."""
        return camera_id is None or self.cameras is None or camera_id in self.cameras
