"""Signing in and out with a password. Made by `app`, called by `routes.session`."""

from datetime import datetime
from http import HTTPStatus
from typing import Protocol

from streamer.clock import Clock
from streamer.domain.account import Account, SignInAttempt, SignInMethod
from streamer.domain.actor import Actor
from streamer.domain.password_rules import fault_of
from streamer.web.principal import Principal
from streamer.web.problem import Problem, too_many
from streamer.web.security.password_check import PasswordCheck
from streamer.web.security.rate_limits import neighbourhood


class Accounts(Protocol):
    """`storage.accounts.PostgresAccounts` is one."""

    async def find(self, name: str) -> Account | None:
        """The account of a name."""
        ...

    async def rehash(self, account: Account, password_hash: str) -> None:
        """Keep the same password under newer parameters."""
        ...

    async def set_password(self, name: str, password_hash: str, by: Actor, now: datetime) -> None:
        """Give an account another password, and end its sessions."""
        ...


class Sessions(Protocol):
    """`storage.web_sessions.PostgresSessions` is one."""

    async def begin(
        self, name: str, password_hash: str | None, former: str | None, address: str, now: datetime
    ) -> str | None:
        """Begin a session."""
        ...

    async def end(self, secret: str, account: str, now: datetime) -> SignInMethod | None:
        """End one; how it had begun, or None if there is none."""
        ...

    async def failed(self, account: str | None, address: str, reason: str, now: datetime) -> None:
        """Put a failure on record."""
        ...


class Attempts(Protocol):
    """`storage.sign_in_attempts.PostgresSignInAttempts` is one."""

    async def begin(self, account: str, address: str, now: datetime) -> SignInAttempt:
        """Count an attempt."""
        ...

    async def succeeded(self, attempt: SignInAttempt, now: datetime) -> None:
        """Take it back."""
        ...


class SignIn:
    """Nobody learns from its answers, or from how long they take, which accounts there are."""

    def __init__(
        self,
        accounts: Accounts,
        sessions: Sessions,
        attempts: Attempts,
        passwords: PasswordCheck,
        clock: Clock,
    ) -> None:
        """Keep the collaborators."""
        self._accounts = accounts
        self._sessions = sessions
        self._attempts = attempts
        self._passwords = passwords
        self._clock = clock

    async def begin(self, name: str, password: str, address: str, former: str | None) -> str:
        """Sign in.

        Args:
            name: The account's, as typed.
            password: As typed.
            address: From where.
            former: The secret of a session the browser came with; it ends.

        Returns:
            The new session's secret.

        Raises:
            Problem: Account and password don't fit, or too many did not before.
        """
        name = name.strip().lower()
        attempt = await self._count(name, address)
        account = await self._accounts.find(name)
        now = self._clock.now()
        usable = account is not None and account.disabled_at is None
        over = None if account is None else account.password_until
        if over is not None and over <= now:
            usable = False
        stored = account.password_hash if account is not None and usable else None
        right = await self._passwords.verify(stored, password)
        secret = None
        if right and account is not None:
            secret = await self._sessions.begin(
                account.name, stored, former, address, self._clock.now()
            )
        if secret is None:
            reason = "wrong" if usable else "unknown" if account is None else "disabled"
            if account is not None and account.disabled_at is None and not usable:
                reason = "expired"
            known = None if account is None else account.name
            await self._sessions.failed(known, address, reason, self._clock.now())
            raise Problem(
                HTTPStatus.UNAUTHORIZED, "sign-in", "account and password do not belong together"
            )
        await self._attempts.succeeded(attempt, self._clock.now())
        if account is not None and stored is not None and self._passwords.outdated(stored):
            await self._accounts.rehash(account, await self._passwords.hash(password))
        return secret

    async def end(self, secret: str, principal: Principal) -> SignInMethod | None:
        """Sign out; returns how they had signed in."""
        return await self._sessions.end(secret, principal.account, self._clock.now())

    async def change_password(
        self, principal: Principal, current: str, wanted: str, address: str
    ) -> None:
        """Give oneself another password; every session of the account ends.

        Raises:
            Problem: The current one is wrong, or the new one cannot be used.
        """
        attempt = await self._count(principal.account, address)
        account = await self._accounts.find(principal.account)
        stored = None if account is None else account.password_hash
        if not await self._passwords.verify(stored, current):
            await self._sessions.failed(principal.account, address, "wrong", self._clock.now())
            raise Problem(HTTPStatus.FORBIDDEN, "sign-in", "the current password is another one")
        await self._attempts.succeeded(attempt, self._clock.now())
        fault = fault_of(wanted, principal.account)
        if wanted == current:
            fault = "it is the current one; choose another"
        if fault is not None:
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "password", fault)
        hashed = await self._passwords.hash(wanted)
        await self._accounts.set_password(
            principal.account, hashed, principal.actor, self._clock.now()
        )

    async def _count(self, name: str, address: str) -> SignInAttempt:
        attempt = await self._attempts.begin(name, neighbourhood(address), self._clock.now())
        if attempt.wait_s is not None:
            raise too_many(attempt.wait_s)
        return attempt
