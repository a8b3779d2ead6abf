"""Principals by token, without a database: for tests of routes and of what they demand."""

import secrets
from collections.abc import Iterable

from streamer.domain.device import PairedDevice
from streamer.domain.role import Role
from streamer.web.permissions import permissions_of, permissions_of_device
from streamer.web.ports import OpenSession
from streamer.web.principal import Principal, Via


class FakeIdentities:
    """`ports.Identities` that knows whom it was told of."""

    def __init__(self, site_id: str = "s1") -> None:
        self.by_token: dict[str, Principal] = {}
        self.by_session: dict[str, OpenSession] = {}
        self.by_device: dict[str, OpenSession] = {}
        self._site_id = site_id

    def add(
        self,
        *roles: Role,
        account: str = "somebody",
        practitioner_refs: Iterable[str] = (),
        cameras: Iterable[str] | None = None,
    ) -> str:
        """Make a principal with roles; returns the token to come with."""
        token = secrets.token_hex(8)
        self.by_token[token] = Principal(
            account=account,
            roles=frozenset(roles),
            permissions=permissions_of(roles),
            practitioner_refs=tuple(practitioner_refs),
            cameras=None if cameras is None else frozenset(cameras),
            site_id=self._site_id,
            via=Via.TOKEN,
        )
        return token

    def add_device(self, device: PairedDevice, token: str) -> None:
        """Pair a device: it comes with this token."""
        principal = Principal(
            account=device.account,
            roles=frozenset(),
            permissions=permissions_of_device(device.kind),
            practitioner_refs=(),
            cameras=frozenset(),
            site_id=self._site_id,
            via=Via.DEVICE,
            device=device,
        )
        self.by_device[token] = OpenSession(principal, f"csrf-of-{token}")

    async def of_device(self, secret: str) -> OpenSession | None:
        return self.by_device.get(secret)

    async def of_session(self, secret: str) -> OpenSession | None:
        return self.by_session.get(secret)

    async def of_token(self, secret: str) -> Principal | None:
        return self.by_token.get(secret)

    async def still(self, secret: str, via: Via) -> Principal | None:
        if via is Via.TOKEN:
            return self.by_token.get(secret)
        session = self.by_session.get(secret)
        return None if session is None else session.principal
