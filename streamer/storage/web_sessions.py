"""Sessions of those who are signed in: begun, found, ended. Used by `web`.

Only the hash of a session's secret is stored; each sign-in draws a new one.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from streamer.crypto.web_secrets import WebSecrets, new_session_secret
from streamer.domain.account import Account, Identity, NewAccount, SessionFound, SignInMethod
from streamer.domain.actor import SERVICE
from streamer.domain.audit_event import AuditAction, AuditEvent, AuditKind, AuditOutcome
from streamer.storage.accounts import PostgresAccounts, account_of
from streamer.storage.audit import append
from streamer.storage.postgres import Connection, Postgres
from streamer.storage.queries import sql

_TOUCH_EVERY: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class SessionTerms:
    """How long sessions last.

    Attributes:
        longest: From the sign-in on, whatever happens.
        idle: Without any request.
    """

    longest: timedelta
    idle: timedelta


class PostgresSessions:
    """The sessions of a site."""

    def __init__(
        self,
        postgres: Postgres,
        site_id: str,
        secrets: WebSecrets,
        accounts: PostgresAccounts,
        terms: SessionTerms,
    ) -> None:
        """Keep the collaborators."""
        self._postgres = postgres
        self._site_id = site_id
        self._secrets = secrets
        self._accounts = accounts
        self._terms = terms

    async def begin(
        self, name: str, password_hash: str | None, former: str | None, address: str, now: datetime
    ) -> str | None:
        """Begin the session of somebody whose password was right.

        Args:
            name: The account's.
            password_hash: What the password was compared with; a session is not begun if it has
                been changed meanwhile, or the account disabled.
            former: The secret of a session the browser came with; it ends.
            address: From where.
            now: Aware.

        Returns:
            The new session's secret; None = not any more.
        """
        async with self._postgres.transaction() as connection:
            row = await connection.fetchrow(sql("lock_account"), self._site_id, name)
            if row is None:
                return None
            account = account_of(row)
            if account.disabled_at is not None or account.password_hash != password_hash:
                return None
            return await self._begin(
                connection, account, SignInMethod.PASSWORD, former, address, now
            )

    async def begin_of_identity(
        self,
        identity: Identity,
        suggested: NewAccount,
        former: str | None,
        address: str,
        now: datetime,
    ) -> tuple[str, str] | None:
        """Begin the session of somebody whom a provider vouches for.

        An account that the provider's word made gets its roles from it each time; one that was
        linked here keeps those it has.

        Args:
            identity: Who they are there.
            suggested: What an account is made of, if there is none; without a name, or where it
                is taken, it gets one that says nothing.
            former: The secret of a session the browser came with; it ends.
            address: From where.
            now: Aware.

        Returns:
            The session's secret and the account's name; None = the account is disabled.
        """
        async with self._postgres.transaction() as connection:
            await connection.execute(
                sql("lock_for_transaction"),
                f"{self._site_id}/{identity.issuer}/{identity.subject}",
            )
            account = await self._of_identity(connection, identity)
            if account is None:
                taken = await connection.fetchrow(
                    sql("account_by_name"), self._site_id, suggested.name
                )
                if taken is not None or not suggested.name:
                    # Never the account of that name: names at a provider prove nothing here.
                    suggested = replace(suggested, name=self._other_name(identity))
                await self._accounts.insert(connection, suggested, SERVICE, now)
                account = await self._of_identity(connection, identity)
                assert account is not None
            if account.disabled_at is not None:
                return None
            if account.roles_from_provider:
                renewed = replace(
                    account, roles=suggested.roles, practitioner_refs=suggested.practitioner_refs
                )
                await self._accounts.update(connection, account, renewed, SERVICE, now)
                account = renewed
            secret = await self._begin(connection, account, SignInMethod.OIDC, former, address, now)
            return secret, account.name

    async def has_roles_here(self, identity: Identity) -> bool:
        """Is there an account of this person whose roles are not the provider's to say?"""
        async with self._postgres.connection() as connection:
            account = await self._of_identity(connection, identity)
        return account is not None and not account.roles_from_provider

    async def find(self, secret: str, now: datetime, *, used: bool = True) -> SessionFound | None:
        """Return the session in force that has this secret.

        Args:
            secret: The session's.
            now: Aware.
            used: Note that it was used, by whoever has it; else it is only asked whether it holds.
        """
        wanted = self._secrets.session(secret)
        async with self._postgres.connection() as connection:
            row = await connection.fetchrow(
                sql("find_session"), wanted, self._site_id, now, now - self._terms.idle
            )
            if row is None:
                return None
            if used and now - row["last_used_at"] >= _TOUCH_EVERY:
                await connection.execute(sql("touch_session"), wanted, now)
        return SessionFound(account_of(row), SignInMethod(row["method"]), row["expires_at"])

    async def end(self, secret: str, account: str, now: datetime) -> SignInMethod | None:
        """Sign out: the secret is good for nothing from now on.

        Returns:
            How the session had begun; None = there is none of this secret.
        """
        async with self._postgres.transaction() as connection:
            ended = await self._end(connection, secret)
            if ended is not None:
                await self._record(connection, AuditKind.SIGN_OUT, account, now)
        return ended

    async def forget(self, now: datetime) -> None:
        """Delete the sessions that have ended by themselves; raises DatabaseError."""
        async with self._postgres.connection() as connection:
            await connection.execute(
                sql("forget_old_sessions"), self._site_id, now, now - self._terms.idle
            )

    async def failed(self, account: str | None, address: str, reason: str, now: datetime) -> None:
        """Put on record that somebody could not sign in.

        Args:
            account: Of that name there is one; None = there is none, and what was typed is not
                kept: it may have been a password.
            address: From where.
            reason: A code.
            now: Aware.
        """
        async with self._postgres.transaction() as connection:
            await self._record(
                connection,
                AuditKind.SIGN_IN,
                account or "nobody",
                now,
                outcome=AuditOutcome.SERIOUS_FAILURE,
                reason=reason,
                detail=(("address", address),),
            )

    def _other_name(self, identity: Identity) -> str:
        digest = self._secrets.subject(f"{identity.issuer}\0{identity.subject}")
        return f"oidc-{digest.hex()[:16]}"

    async def _of_identity(self, connection: Connection, identity: Identity) -> Account | None:
        row = await connection.fetchrow(
            sql("account_by_identity"), self._site_id, identity.issuer, identity.subject
        )
        return None if row is None else account_of(row)

    async def _begin(
        self,
        connection: Connection,
        account: Account,
        method: SignInMethod,
        former: str | None,
        address: str,
        now: datetime,
    ) -> str:
        secret = new_session_secret()
        await connection.execute(
            sql("forget_old_sessions"), self._site_id, now, now - self._terms.idle
        )
        if former is not None:
            await self._end(connection, former)
        await connection.execute(
            sql("insert_session"),
            self._secrets.session(secret),
            self._site_id,
            account.account_id,
            method,
            now,
            now + self._terms.longest,
        )
        await connection.execute(sql("trim_sessions"), account.account_id)
        await connection.execute(sql("note_sign_in"), account.account_id, now)
        place = self._secrets.subject(address)
        await connection.execute(sql("note_place"), account.account_id, self._site_id, place, now)
        await connection.execute(sql("trim_places"), account.account_id)
        await self._record(
            connection,
            AuditKind.SIGN_IN,
            account.name,
            now,
            detail=(("address", address), ("method", method.value)),
        )
        return secret

    async def _end(self, connection: Connection, secret: str) -> SignInMethod | None:
        row = await connection.fetchrow(
            sql("end_session"), self._secrets.session(secret), self._site_id
        )
        return None if row is None else SignInMethod(row["method"])

    async def _record(
        self,
        connection: Connection,
        kind: AuditKind,
        actor: str,
        now: datetime,
        outcome: AuditOutcome = AuditOutcome.SUCCESS,
        reason: str = "",
        detail: tuple[tuple[str, str], ...] = (),
    ) -> None:
        event = AuditEvent(
            kind,
            AuditAction.EXECUTE,
            actor,
            now,
            outcome=outcome,
            entity_type="account",
            reason=reason,
            detail=detail,
        )
        await append(connection, self._site_id, [event])
