"""What a route demands of whoever asks. Each route declares it, or cannot be made (`router`)."""

from typing import Any, Final

from fastapi import Depends, Request

from streamer.web.permissions import Permission
from streamer.web.principal import Principal
from streamer.web.problem import forbidden, unauthenticated


class Require:
    """A dependency: the principal, who must have every one of these permissions."""

    def __init__(self, permissions: frozenset[Permission]) -> None:
        """Keep what is demanded; nothing at all = being signed in is enough."""
        self.permissions = permissions

    async def __call__(self, request: Request) -> Principal:
        """Return who asks.

        Raises:
            Problem: Nobody has signed in, or they may not.
        """
        principal = getattr(request.state, "principal", None)
        if not isinstance(principal, Principal):
            raise unauthenticated()
        if not self.permissions <= principal.permissions:
            raise forbidden()
        return principal


class Public:
    """A dependency that says: this route is for everybody. Few are; a test lists them."""

    async def __call__(self) -> None:
        """Let everybody through."""


def require(*permissions: Permission) -> Any:
    """Say what a route demands; stands in the annotation of its `principal` parameter.

    Args:
        permissions: All of them are needed; none = whoever is signed in.
    """
    return Depends(Require(frozenset(permissions)))


PUBLIC: Final[Any] = Depends(Public())
"""In a route's `dependencies`."""
