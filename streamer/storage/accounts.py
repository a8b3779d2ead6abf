"""Accounts of those who sign in. Used by `web` and `kirdi users`; each change is on record."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import uuid4

import asyncpg

from streamer.domain.account import Account, Identity, NewAccount
from streamer.domain.actor import Actor
from streamer.domain.audit_event import AuditAction, AuditEvent, AuditKind
from streamer.domain.role import Role
from streamer.errors import InputError
from streamer.storage.audit import append
from streamer.storage.postgres import Connection, Postgres
from streamer.storage.queries import sql

Details = tuple[tuple[str, str | int | float | bool | None], ...]


class PostgresAccounts:
    """The accounts of a site.

    A change of what somebody may ends their sessions: whoever has one open signs in anew.
    """

    def __init__(self, postgres: Postgres, site_id: str) -> None:
        """Keep the collaborators."""
        self._postgres = postgres
        self._site_id = site_id

    async def add(self, new: NewAccount, by: Actor, now: datetime) -> Account:
        """Make an account.

        Raises:
            InputError: There is one of that name, or its roles don't go together.
        """
        async with self._postgres.transaction() as connection:
            await self.insert(connection, new, by, now)
            return await self._locked(connection, new.name)

    async def insert(
        self, connection: Connection, new: NewAccount, by: Actor, now: datetime
    ) -> None:
        """As `add`, inside a transaction."""
        check_roles(new.roles)
        identity = new.identity
        made = await connection.fetchval(
            sql("insert_account"),
            uuid4(),
            self._site_id,
            new.name,
            new.password_hash,
            [role.value for role in new.roles],
            list(new.practitioner_refs),
            None if new.cameras is None else list(new.cameras),
            None if identity is None else identity.issuer,
            None if identity is None else identity.subject,
            new.roles_from_provider,
            now,
            by.name,
            new.password_until,
        )
        if made is None:
            raise InputError(
                f"account {new.name}: there is one of that name; choose another", code="name_taken"
            )
        await self._record(
            connection, AuditAction.CREATE, str(made), by, now, _rights(new.roles, new.cameras)
        )

    async def listed(self) -> list[Account]:
        """All of them, disabled ones too."""
        async with self._postgres.connection() as connection:
            rows = await connection.fetch(sql("list_accounts"), self._site_id)
        return [account_of(row) for row in rows]

    async def find(self, name: str) -> Account | None:
        """The account of a name, in any spelling of capitals."""
        async with self._postgres.connection() as connection:
            row = await connection.fetchrow(
                sql("account_by_name"), self._site_id, name.strip().lower()
            )
        return None if row is None else account_of(row)

    async def set_roles(
        self,
        name: str,
        roles: Sequence[Role],
        by: Actor,
        now: datetime,
        *,
        practitioner_refs: Sequence[str] | None = None,
        keep_admin: bool = False,
    ) -> None:
        """Give an account these roles and no others.

        Args:
            name: Of the account.
            roles: All of them.
            by: Who says so.
            now: Aware.
            practitioner_refs: Whose appointments it bills from now on; None = as before.
            keep_admin: Refuse where nobody who can sign in would be an admin any more.

        Raises:
            InputError: There is no such account, they don't go together, or the last admin's.
        """
        check_roles(roles)
        changes: dict[str, object] = {"roles": tuple(roles)}
        if practitioner_refs is not None:
            changes["practitioner_refs"] = tuple(practitioner_refs)
        await self._change(name, by, now, keep_admin=keep_admin, **changes)

    async def set_cameras(
        self, name: str, cameras: Sequence[str] | None, by: Actor, now: datetime
    ) -> None:
        """Say which cameras an account may see or change; None = all."""
        await self._change(name, by, now, cameras=None if cameras is None else tuple(cameras))

    async def link(self, name: str, identity: Identity | None, by: Actor, now: datetime) -> None:
        """Say who an account is at a provider; None = nobody any more."""
        await self._change(name, by, now, identity=identity)

    async def disable(
        self, name: str, by: Actor, now: datetime, *, keep_admin: bool = False
    ) -> None:
        """End an account: its sessions and tokens are good for nothing from now on.

        Raises:
            InputError: There is no such account; with `keep_admin`, it is the last admin's.
        """
        await self._change(name, by, now, keep_admin=keep_admin, disabled_at=now)

    async def enable(self, name: str, by: Actor, now: datetime) -> None:
        """Let it sign in again."""
        await self._change(name, by, now, disabled_at=None)

    async def set_password(
        self,
        name: str,
        password_hash: str,
        by: Actor,
        now: datetime,
        until: datetime | None = None,
    ) -> None:
        """Give an account another password; everybody signed in with it is signed out.

        Args:
            name: Of the account.
            password_hash: Of the password.
            by: Who says so.
            now: Aware.
            until: It is a one-time password, good until then.

        Raises:
            InputError: There is no such account.
        """
        async with self._postgres.transaction() as connection:
            account = await self._locked(connection, name)
            await connection.execute(
                sql("set_password"), account.account_id, password_hash, now, until
            )
            await self._end_sessions(connection, account)
            # Who knew the former one may have signed in from anywhere.
            await connection.execute(sql("forget_places"), account.account_id)
            await self._record(
                connection,
                AuditAction.UPDATE,
                str(account.account_id),
                by,
                now,
                (("changed", "password" if until is None else "one-time password"),),
            )

    async def end_sessions(self, name: str, by: Actor, now: datetime) -> int:
        """Sign somebody out everywhere; returns how many sessions there were.

        Raises:
            InputError: There is no such account.
        """
        async with self._postgres.transaction() as connection:
            account = await self._locked(connection, name)
            ended = await self._end_sessions(connection, account)
            if ended:
                await self._record(
                    connection,
                    AuditAction.UPDATE,
                    str(account.account_id),
                    by,
                    now,
                    (("changed", "sessions"), ("ended", ended)),
                )
        return ended

    async def rehash(self, account: Account, password_hash: str) -> None:
        """Keep the same password under newer parameters."""
        async with self._postgres.connection() as connection:
            await connection.execute(
                sql("rehash_password"), account.account_id, account.password_hash, password_hash
            )

    async def _change(
        self, name: str, by: Actor, now: datetime, *, keep_admin: bool = False, **changes: Any
    ) -> None:
        async with self._postgres.transaction() as connection:
            if keep_admin:
                # Two admins who end each other at once: the second one sees what the first did.
                await connection.execute(sql("lock_for_transaction"), f"admins {self._site_id}")
            before = await self._locked(connection, name)
            after = replace(before, **changes)
            if keep_admin and _is_admin(before, now) and not _is_admin(after, now):
                await self._refuse_last_admin(connection, before, now)
            await self.update(connection, before, after, by, now)

    async def _refuse_last_admin(
        self, connection: Connection, account: Account, now: datetime
    ) -> None:
        others = await connection.fetchval(
            sql("other_admins"), self._site_id, account.account_id, now
        )
        if not others:
            raise InputError(
                f"account {account.name}: is the last admin who can sign in; make another first",
                code="last_admin",
            )

    async def update(
        self, connection: Connection, before: Account, after: Account, by: Actor, now: datetime
    ) -> None:
        """Write what has changed, inside a transaction that has locked the account."""
        if after == before:
            return
        identity = after.identity
        try:
            await connection.execute(
                sql("update_account"),
                after.account_id,
                [role.value for role in after.roles],
                list(after.practitioner_refs),
                None if after.cameras is None else list(after.cameras),
                None if identity is None else identity.issuer,
                None if identity is None else identity.subject,
                after.disabled_at,
            )
        except asyncpg.UniqueViolationError as error:
            raise InputError(
                f"account {after.name}: another account is this person at the provider; "
                "unlink that one first"
            ) from error
        await self._end_sessions(connection, after)
        changed = _changed(before, after)
        await self._record(
            connection,
            AuditAction.UPDATE,
            str(after.account_id),
            by,
            now,
            (("changed", changed), *_rights(after.roles, after.cameras)),
        )

    async def _locked(self, connection: Connection, name: str) -> Account:
        row = await connection.fetchrow(sql("lock_account"), self._site_id, name.strip().lower())
        if row is None:
            raise InputError(f"account {name}: there is none", command="see `kirdi users list`")
        return account_of(row)

    async def _end_sessions(self, connection: Connection, account: Account) -> int:
        done: str = await connection.execute(sql("end_sessions_of"), account.account_id)
        return int(done.rsplit(" ", 1)[-1])

    async def _record(
        self,
        connection: Connection,
        action: AuditAction,
        account_id: str,
        by: Actor,
        now: datetime,
        detail: Details,
    ) -> None:
        event = AuditEvent(
            AuditKind.ACCOUNT_CHANGE,
            action,
            by.name,
            now,
            entity_type="account",
            entity_id=account_id,
            detail=detail,
        )
        await append(connection, self._site_id, [event])


def account_of(row: asyncpg.Record) -> Account:
    """Make the record of a row that has an account's columns."""
    subject, cameras = row["subject"], row["cameras"]
    return Account(
        account_id=row["account_id"],
        name=row["name"],
        roles=tuple(Role(role) for role in row["roles"]),
        practitioner_refs=tuple(row["practitioner_refs"]),
        cameras=None if cameras is None else tuple(cameras),
        password_hash=row["password_hash"],
        identity=None if subject is None else Identity(row["issuer"], subject),
        roles_from_provider=row["roles_from_provider"],
        created_at=row["created_at"],
        last_sign_in_at=row["last_sign_in_at"],
        disabled_at=row["disabled_at"],
        password_until=row["password_until"],
    )


def check_roles(roles: Sequence[Role]) -> None:
    """An insurer is nothing else here: pseudonyms are none where names are seen beside them.

    Raises:
        InputError: They don't go together.
    """
    if Role.INSURER in roles and len(set(roles)) > 1:
        raise InputError("role insurer goes with no other; make another account")


def _is_admin(account: Account, now: datetime) -> bool:
    return Role.ADMIN in account.roles and account.can_sign_in(now)


def _changed(before: Account, after: Account) -> str:
    names = ("roles", "practitioner_refs", "cameras", "identity", "disabled_at")
    return " ".join(one for one in names if getattr(before, one) != getattr(after, one))


def _rights(roles: Sequence[Role], cameras: Sequence[str] | None) -> Details:
    return (
        ("roles", " ".join(sorted(roles))),
        ("cameras", "all" if cameras is None else " ".join(sorted(cameras))),
    )
