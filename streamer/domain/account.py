"""Somebody who may sign in, as `storage.accounts` keeps them. Used by `web` and `kirdi users`."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from streamer.domain.role import Role


class SignInMethod(StrEnum):
    """How somebody showed who they are."""

    PASSWORD = "password"  # noqa: S105
    OIDC = "oidc"


@dataclass(frozen=True, slots=True)
class Identity:
    """Who somebody is at an OpenID Connect provider; `subject` is unique there and never reused."""

    issuer: str
    subject: str


@dataclass(frozen=True, slots=True)
class Account:
    """An account of a site.

    Attributes:
        account_id: Random, opaque.
        name: Small letters; what is recorded of whatever they do.
        roles: What they are.
        practitioner_refs: Whose appointments they bill.
        cameras: Which cameras they may see or change; None = all.
        password_hash: None where there is no password here.
        identity: At a provider; None = none.
        roles_from_provider: Each sign-in there sets the roles anew.
        disabled_at: None = it may sign in.
        password_until: The password is a one-time one, which opens nothing but the choice of
            another, until then; None = it is their own.
    """

    account_id: UUID
    name: str
    roles: tuple[Role, ...]
    practitioner_refs: tuple[str, ...]
    cameras: tuple[str, ...] | None
    password_hash: str | None = field(repr=False)
    identity: Identity | None
    roles_from_provider: bool
    created_at: datetime
    last_sign_in_at: datetime | None
    disabled_at: datetime | None
    password_until: datetime | None = None

    def can_sign_in(self, now: datetime) -> bool:
        """By itself, at the provider or with a password; tokens are another matter."""
        by_password = self.password_hash is not None and (
            self.password_until is None or self.password_until > now
        )
        return self.disabled_at is None and (by_password or self.identity is not None)


@dataclass(frozen=True, slots=True)
class NewAccount:
    """What an account begins with; see `Account`."""

    name: str
    roles: tuple[Role, ...]
    practitioner_refs: tuple[str, ...] = ()
    cameras: tuple[str, ...] | None = ()
    password_hash: str | None = field(default=None, repr=False)
    identity: Identity | None = None
    roles_from_provider: bool = False
    password_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class SignInAttempt:
    """Somebody tries to sign in; counted as a failure until it is none.

    Attributes:
        account: As typed, in small letters.
        address: From where, as a place.
        place_known: The account has signed in from there before.
        wait_s: So long nothing may be evaluated; None = go on.
    """

    account: str
    address: str
    place_known: bool
    wait_s: float | None = None


@dataclass(frozen=True, slots=True)
class SessionFound:
    """A session in force, and whose it is."""

    account: Account
    method: SignInMethod
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class TokenFound:
    """An API token in force: whose it is, and what it was made for."""

    account: Account
    token_id: UUID
    scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TokenRow:
    """A line of `kirdi tokens list`; the token itself is nowhere."""

    token_id: UUID
    account: str
    name: str
    scopes: tuple[str, ...]
    created_at: datetime
    created_by: str
    expires_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None
