"""Who asks: an account, how it came, and what it may. Made by `security`, asked by routes."""

from dataclasses import dataclass
from enum import StrEnum

from streamer.domain.actor import Actor
from streamer.domain.device import PairedDevice
from streamer.domain.role import Role
from streamer.web.permissions import Permission


class Via(StrEnum):
    """How somebody showed who they are."""

    SESSION = "session"
    TOKEN = "token"  # noqa: S105
    DEVICE = "device"
    """A tablet or a screen, and nobody: what it may not is refused though it is signed in."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody who has shown who they are.

    Attributes:
        account: The account's name; what is recorded of whatever they do.
        roles: What they are at this site.
        permissions: What they may do: of their roles, and of a token's scopes if they came by one.
        practitioner_refs: Whose appointments they bill.
        cameras: Which cameras they may see or change; None = all.
        site_id: Whose rows they may see.
        via: How they came.
        must_change_password: They came by a one-time password, and may nothing but change it.
        device: Which it is, where it came as one.
        bills: Whose appointments the settings say that they bill: rows are not shown for it, but
            nobody vouches for their own patients.
    """

    account: str
    roles: frozenset[Role]
    permissions: frozenset[Permission]
    practitioner_refs: tuple[str, ...]
    cameras: frozenset[str] | None
    site_id: str
    via: Via
    must_change_password: bool = False
    device: PairedDevice | None = None
    bills: tuple[str, ...] = ()

    @property
    def actor(self) -> Actor:
        """Who the stores are told has acted."""
        return Actor(self.account, tuple(dict.fromkeys((*self.practitioner_refs, *self.bills))))

    def may(self, permission: Permission) -> bool:
        """May they do it at all? Which rows is `row_scope`'s to say."""
        return permission in self.permissions

    def may_use_camera(self, camera_id: str) -> bool:
        """Is this one of their cameras?"""
        return self.cameras is None or camera_id in self.cameras
