"""Accounts and tokens, for `web.installation.Accounts` and `Tokens`."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, Literal, Protocol
from uuid import UUID

from streamer.backend import Backend
from streamer.crypto.web_secrets import new_one_time_password
from streamer.domain import account as domain
from streamer.domain.actor import Actor
from streamer.domain.role import Role
from streamer.errors import InputError
from streamer.web.models.accounts import (
    Account,
    AccountAdded,
    NewAccount,
    OneTimePassword,
    SessionsEnded,
    Token,
    TokenMade,
    TokenWanted,
)

ONE_TIME: Final = timedelta(hours=72)


class Hasher(Protocol):
    """`crypto.passwords.Passwords` is one; it blocks."""

    def hash(self, password: str) -> str:
        """Return the hash of a new password."""
        ...


class ApiAccounts:
    """The accounts of one site."""

    def __init__(self, backend: Backend, hasher: Hasher) -> None:
        """Keep the collaborators."""
        self._accounts = backend.accounts
        self._clock = backend.clock
        self._hasher = hasher
        # A hash takes 46 MiB and a tenth of a second of a core: one at a time beside the cameras.
        self._one = asyncio.Lock()

    async def listed(self) -> Sequence[Account]:
        """All of them; raises DatabaseError."""
        return [_account(one) for one in await self._accounts.listed()]

    async def find(self, account: str) -> Account | None:
        """One of them; raises DatabaseError."""
        found = await self._accounts.find(account)
        return None if found is None else _account(found)

    async def add(self, wanted: NewAccount, by: Actor) -> AccountAdded:
        """Make one; raises InputError, DatabaseError."""
        password = until = hashed = None
        now = self._clock.now()
        if wanted.password:
            password, until = new_one_time_password(), now + ONE_TIME
            hashed = await self._hashed(password)
        new = domain.NewAccount(
            wanted.account,
            _once(wanted.roles),
            tuple(dict.fromkeys(wanted.practitioner_refs)),
            None if wanted.cameras is None else tuple(dict.fromkeys(wanted.cameras)),
            hashed,
            password_until=until,
        )
        added = await self._accounts.add(new, by, now)
        return AccountAdded(account=_account(added), one_time_password=password, expires_at=until)

    async def set_roles(
        self, account: str, roles: Sequence[Role], refs: Sequence[str] | None, by: Actor
    ) -> Account:
        """Give it these roles; raises InputError, DatabaseError."""
        await self._accounts.set_roles(
            account,
            _once(roles),
            by,
            self._clock.now(),
            practitioner_refs=None if refs is None else tuple(dict.fromkeys(refs)),
            keep_admin=True,
        )
        return await self._found(account)

    async def set_cameras(self, account: str, cameras: Sequence[str] | None, by: Actor) -> Account:
        """Grant cameras; raises InputError, DatabaseError."""
        allowed = None if cameras is None else tuple(dict.fromkeys(cameras))
        await self._accounts.set_cameras(account, allowed, by, self._clock.now())
        return await self._found(account)

    async def switch(self, account: str, on: bool, by: Actor) -> Account:
        """Let it sign in again, or not any more; raises InputError, DatabaseError."""
        now = self._clock.now()
        if on:
            await self._accounts.enable(account, by, now)
        else:
            await self._accounts.disable(account, by, now, keep_admin=True)
        return await self._found(account)

    async def one_time_password(self, account: str, by: Actor) -> OneTimePassword:
        """Draw one; raises InputError, DatabaseError."""
        password, now = new_one_time_password(), self._clock.now()
        hashed = await self._hashed(password)
        await self._accounts.set_password(account, hashed, by, now, now + ONE_TIME)
        return OneTimePassword(
            account=account, one_time_password=password, expires_at=now + ONE_TIME
        )

    async def end_sessions(self, account: str, by: Actor) -> SessionsEnded:
        """Sign it out everywhere; raises InputError, DatabaseError."""
        ended = await self._accounts.end_sessions(account, by, self._clock.now())
        return SessionsEnded(account=account, ended=ended)

    async def _hashed(self, password: str) -> str:
        async with self._one:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def _found(self, account: str) -> Account:
        found = await self._accounts.find(account)
        if found is None:
            # Accounts are never deleted.
            raise InputError(f"account {account}: there is none")
        return _account(found)


class ApiTokens:
    """The API tokens of one site."""

    def __init__(self, backend: Backend) -> None:
        """Keep the collaborators."""
        self._tokens = backend.tokens
        self._clock = backend.clock

    async def listed(self, account: str | None) -> Sequence[Token]:
        """All of them, or an account's; raises DatabaseError."""
        now = self._clock.now()
        return [_token(one, now) for one in await self._tokens.listed(account)]

    async def create(self, wanted: TokenWanted, by: Actor) -> TokenMade:
        """Make one; raises InputError, DatabaseError."""
        now, lasts = self._clock.now(), timedelta(days=wanted.days)
        scopes = tuple(dict.fromkeys(one.value for one in wanted.scopes))
        token_id, token = await self._tokens.create(
            wanted.account, wanted.name, scopes, lasts, by, now
        )
        return TokenMade(
            token_id=token_id,
            account=wanted.account,
            scopes=list(scopes),
            token=token,
            expires_at=now + lasts,
        )

    async def revoke(self, token_id: UUID, by: Actor) -> Token | None:
        """Take it out of force; raises DatabaseError."""
        found = await self._of(token_id)
        if found is not None and found.revoked_at is None:
            await self._tokens.revoke(token_id, by, self._clock.now())
            found = await self._of(token_id)
        return found

    async def _of(self, token_id: UUID) -> Token | None:
        return next((one for one in await self.listed(None) if one.token_id == token_id), None)


def _once(roles: Sequence[Role]) -> tuple[Role, ...]:
    return tuple(dict.fromkeys(roles))


def _account(one: domain.Account) -> Account:
    ways: list[Literal["password", "provider"]] = []
    if one.password_hash is not None:
        ways.append("password")
    if one.identity is not None:
        ways.append("provider")
    return Account(
        account=one.name,
        roles=list(one.roles),
        practitioner_refs=list(one.practitioner_refs),
        cameras=None if one.cameras is None else list(one.cameras),
        signs_in_by=ways,
        roles_from_provider=one.roles_from_provider,
        one_time_password_until=one.password_until,
        created_at=one.created_at,
        last_sign_in_at=one.last_sign_in_at,
        disabled_at=one.disabled_at,
    )


def _token(one: domain.TokenRow, now: datetime) -> Token:
    state: Literal["in-force", "expired", "revoked"] = "in-force"
    if one.revoked_at is not None:
        state = "revoked"
    elif one.expires_at <= now:
        state = "expired"
    return Token(
        token_id=one.token_id,
        account=one.account,
        name=one.name,
        scopes=list(one.scopes),
        state=state,
        created_at=one.created_at,
        created_by=one.created_by,
        expires_at=one.expires_at,
        last_used_at=one.last_used_at,
        revoked_at=one.revoked_at,
    )
