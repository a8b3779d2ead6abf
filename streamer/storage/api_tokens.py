"""API tokens of accounts: made, found, revoked. Used by `web` and `kirdi tokens`."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid4

from streamer.crypto.web_secrets import WebSecrets, new_api_token
from streamer.domain.account import TokenFound, TokenRow
from streamer.domain.actor import Actor
from streamer.domain.audit_event import AuditAction, AuditEvent, AuditKind
from streamer.errors import InputError
from streamer.storage.accounts import account_of
from streamer.storage.audit import append
from streamer.storage.postgres import Postgres
from streamer.storage.queries import sql

_TOUCH_EVERY: Final = timedelta(minutes=1)


class PostgresTokens:
    """The API tokens of a site; of each only a hash is stored."""

    def __init__(self, postgres: Postgres, site_id: str, secrets: WebSecrets) -> None:
        """Keep the collaborators."""
        self._postgres = postgres
        self._site_id = site_id
        self._secrets = secrets

    async def create(
        self,
        account: str,
        name: str,
        scopes: Sequence[str],
        lasts: timedelta,
        by: Actor,
        now: datetime,
    ) -> tuple[UUID, str]:
        """Make a token.

        Args:
            account: Whose; what the account may not, its tokens may not either.
            name: What it is for.
            scopes: What it may of that.
            lasts: How long.
            by: Who makes it.
            now: Aware.

        Returns:
            Its id, and the token itself: it is shown once and known to nobody afterwards.

        Raises:
            InputError: There is no such account, or it is disabled.
        """
        token_id, token = uuid4(), new_api_token()
        async with self._postgres.transaction() as connection:
            row = await connection.fetchrow(sql("lock_account"), self._site_id, account.lower())
            if row is None or row["disabled_at"] is not None:
                raise InputError(
                    f"account {account}: there is none that may sign in; see `kirdi users list`"
                )
            await connection.execute(
                sql("insert_token"),
                token_id,
                self._secrets.token(token),
                self._site_id,
                row["account_id"],
                name,
                list(scopes),
                now,
                by.name,
                now + lasts,
            )
            detail = (("account", str(row["account_id"])), ("scopes", " ".join(sorted(scopes))))
            event = self._event(AuditAction.CREATE, token_id, by, now, detail)
            await append(connection, self._site_id, [event])
        return token_id, token

    async def find(self, token: str, now: datetime) -> TokenFound | None:
        """Return whose token it is, if it is in force, and note that it was used."""
        async with self._postgres.connection() as connection:
            row = await connection.fetchrow(
                sql("find_token"), self._secrets.token(token), self._site_id, now
            )
            if row is None:
                return None
            used = row["last_used_at"]
            if used is None or now - used >= _TOUCH_EVERY:
                await connection.execute(sql("touch_token"), row["token_id"], now)
        return TokenFound(account_of(row), row["token_id"], tuple(row["scopes"]))

    async def revoke(self, token_id: UUID, by: Actor, now: datetime) -> None:
        """Take a token out of force.

        Raises:
            InputError: There is no such token in force.
        """
        async with self._postgres.transaction() as connection:
            done = await connection.fetchval(sql("revoke_token"), token_id, self._site_id, now)
            if done is None:
                raise InputError(f"token {token_id}: none in force; see `kirdi tokens list`")
            event = self._event(AuditAction.DELETE, token_id, by, now, (("account", str(done)),))
            await append(connection, self._site_id, [event])

    async def listed(self, account: str | None = None) -> list[TokenRow]:
        """All of them, or an account's."""
        async with self._postgres.connection() as connection:
            rows = await connection.fetch(sql("list_tokens"), self._site_id, account)
        return [TokenRow(**(dict(row) | {"scopes": tuple(row["scopes"])})) for row in rows]

    def _event(
        self,
        action: AuditAction,
        token_id: UUID,
        by: Actor,
        now: datetime,
        detail: tuple[tuple[str, str], ...],
    ) -> AuditEvent:
        return AuditEvent(
            AuditKind.ACCOUNT_CHANGE,
            action,
            by.name,
            now,
            entity_type="token",
            entity_id=str(token_id),
            detail=detail,
        )
