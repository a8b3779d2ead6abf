"""What a route demands of whoever asks. Each route declares it, or cannot be made (`router`)."""

from typing import Any, Final

from fastapi import Depends, Request

from streamer.web.permissions import Permission
from streamer.web.principal import Principal, Via
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
        if lacking := self.permissions - principal.permissions:
            raise forbidden(_lacking(principal, sorted(lacking)))
        if not self.permissions and principal.via is Via.DEVICE:
            # What is for whoever is signed in is for people.
            raise forbidden("this is not for devices")
        return principal


def _lacking(principal: Principal, permissions: list[Permission]) -> str:
    """A program is told which scopes: these are words of the documentation."""
    if principal.via is not Via.TOKEN:
        return "your roles do not allow this"
    scopes = " and ".join(permissions)
    return f"this needs {scopes}, which the token, or its account's roles, do not give"


class Public:
    """A dependency that says: this route is for everybody. Few are; a test lists them.

    A device gets nowhere but where its token is for, and what its pages are made of: of these
    routes only to those that say so.
    """

    def __init__(self, *, devices: bool = False) -> None:
        """Keep whether devices may, too."""
        self.devices = devices

    async def __call__(self, request: Request) -> None:
        """Let everybody through, but devices.

        Raises:
            Problem: It is a device, and this is not for them.
        """
        principal = getattr(request.state, "principal", None)
        if not self.devices and isinstance(principal, Principal) and principal.via is Via.DEVICE:
            raise forbidden("this is not for devices")


def require(*permissions: Permission) -> Any:
    """Say what a route demands; stands in the annotation of its `principal` parameter.

    Args:
        permissions: All of them are needed; none = whoever is signed in.
    """
    return Depends(Require(frozenset(permissions)))


PUBLIC: Final[Any] = Depends(Public())
"""In a route's `dependencies`."""

PUBLIC_AND_DEVICES: Final[Any] = Depends(Public(devices=True))
"""Likewise, and tablets and screens may."""
