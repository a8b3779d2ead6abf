"""Who is behind a session's cookie, an API token or a device's. Made by `app`, asked by `gate`."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from streamer.clock import Clock
from streamer.crypto.web_secrets import WebSecrets
from streamer.domain.account import Account, SessionFound, SignInMethod, TokenFound
from streamer.domain.device import PairedDevice
from streamer.web.permissions import Permission, permissions_of, permissions_of_device
from streamer.web.ports import OpenSession
from streamer.web.principal import Principal, Via


class Sessions(Protocol):
    """`storage.web_sessions.PostgresSessions` is one."""

    async def find(self, secret: str, now: datetime, *, used: bool = True) -> SessionFound | None:
        """The session in force that has this secret; `used` = note that it was."""
        ...


class Tokens(Protocol):
    """`storage.api_tokens.PostgresTokens` is one."""

    async def find(self, token: str, now: datetime) -> TokenFound | None:
        """The token in force."""
        ...


class Devices(Protocol):
    """`storage.devices.PostgresDevices` is one."""

    async def find(self, token: str, now: datetime) -> PairedDevice | None:
        """The device whose token is in force."""
        ...


class StoredIdentities:
    """`ports.Identities` by the stores: what an account may is looked up for every request."""

    def __init__(
        self,
        site_id: str,
        sessions: Sessions,
        tokens: Tokens,
        devices: Devices,
        secrets: WebSecrets,
        clock: Clock,
        staff: Callable[[str], tuple[str, ...]],
    ) -> None:
        """Keep the collaborators; `staff`: whose appointments an account bills by the settings."""
        self._staff = staff
        self._devices = devices
        self._site_id = site_id
        self._sessions = sessions
        self._tokens = tokens
        self._secrets = secrets
        self._clock = clock

    async def of_session(self, secret: str) -> OpenSession | None:
        """See `ports.Identities`."""
        found = await self._sessions.find(secret, self._clock.now())
        if found is None:
            return None
        permissions = permissions_of(found.account.roles)
        # Somebody else has seen that password: all it opens is the choice of another.
        must_change = (
            found.method is SignInMethod.PASSWORD and found.account.password_until is not None
        )
        if must_change:
            permissions = frozenset()
        principal = replace(
            self._principal(found.account, permissions, Via.SESSION),
            must_change_password=must_change,
        )
        return OpenSession(principal, self._secrets.csrf(secret))

    async def of_token(self, secret: str) -> Principal | None:
        """See `ports.Identities`."""
        found = await self._tokens.find(secret, self._clock.now())
        if found is None:
            return None
        # Scopes take away and never give.
        scopes = {one for one in Permission if one.value in found.scopes}
        permissions = permissions_of(found.account.roles) & scopes
        return self._principal(found.account, permissions, Via.TOKEN)

    async def of_device(self, secret: str) -> OpenSession | None:
        """See `ports.Identities`."""
        found = await self._devices.find(secret, self._clock.now())
        if found is None:
            return None
        principal = Principal(
            account=found.account,
            roles=frozenset(),
            permissions=permissions_of_device(found.kind),
            practitioner_refs=(),
            cameras=frozenset(),
            site_id=self._site_id,
            via=Via.DEVICE,
            device=found,
        )
        return OpenSession(principal, self._secrets.csrf(secret))

    async def still(self, secret: str, via: Via) -> Principal | None:
        """See `ports.Identities`."""
        if via is Via.TOKEN:
            return await self.of_token(secret)
        if via is Via.DEVICE:
            paired = await self.of_device(secret)
            return None if paired is None else paired.principal
        found = await self._sessions.find(secret, self._clock.now(), used=False)
        if found is None:
            return None
        return self._principal(found.account, permissions_of(found.account.roles), Via.SESSION)

    def _principal(
        self, account: Account, permissions: frozenset[Permission], via: Via
    ) -> Principal:
        return Principal(
            account=account.name,
            roles=frozenset(account.roles),
            permissions=permissions,
            practitioner_refs=account.practitioner_refs,
            bills=self._staff(account.name),
            cameras=None if account.cameras is None else frozenset(account.cameras),
            site_id=self._site_id,
            via=via,
        )
