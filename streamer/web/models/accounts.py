"""Accounts of the staff, and the tokens of programs."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from streamer.domain.role import Role
from streamer.web.fields import Named, Reference
from streamer.web.models.base import Answer, Sent
from streamer.web.permissions import Permission

AccountName = Annotated[
    str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._@-]{0,63}$"), Field(examples=["dina"])
]
"""Of a new account, and of one that is asked for."""

Roles = Annotated[list[Role], Field(min_length=1, max_length=len(Role))]
Refs = Annotated[list[Reference], Field(max_length=100)]
Cameras = Annotated[list[Named], Field(max_length=1000)]


class Account(Answer):
    """Somebody who may sign in. What they sign in with is told to nobody."""

    account: str
    roles: list[Role]
    practitioner_refs: list[str] = Field(description="whose appointments they bill")
    cameras: list[str] | None = Field(description="cameras that may be used; null = all")
    signs_in_by: list[Literal["password", "provider"]] = Field(description="none = by tokens only")
    roles_from_provider: bool = Field(description="each sign-in there sets the roles anew")
    one_time_password_until: datetime | None = Field(
        description="has not chosen a password of their own yet; null = has"
    )
    created_at: datetime
    last_sign_in_at: datetime | None
    disabled_at: datetime | None


class NewAccount(Sent):
    """An account to add."""

    account: AccountName
    roles: Roles = Field(examples=[["reception"]])
    practitioner_refs: Refs = Field([], description="whose appointments they bill")
    cameras: Cameras | None = Field([], description="cameras they may use; null = all")
    password: bool = Field(
        True,
        description="draw a one-time password; false = they sign in at the provider, or by tokens",
    )


class AccountAdded(Answer):
    """An account that was added."""

    account: Account
    one_time_password: str | None = Field(
        description="shown this once; opens nothing but PUT /session/password"
    )
    expires_at: datetime | None = Field(description="of the one-time password")


class RolesWanted(Sent):
    """All that somebody is from now on."""

    roles: Roles = Field(examples=[["reception", "reviewer"]])
    practitioner_refs: Refs | None = Field(
        None, description="whose appointments they bill; left out = as before"
    )


class CamerasWanted(Sent):
    """All the cameras that somebody may use from now on."""

    cameras: Cameras | None = Field(description="null = all", examples=[["lobby-1"]])


class OneTimePassword(Answer):
    """A password that opens nothing but the choice of another one."""

    account: str
    one_time_password: str = Field(description="shown this once")
    expires_at: datetime


class SessionsEnded(Answer):
    """Somebody was signed out."""

    account: str
    ended: int = Field(description="how many sessions there were")


class Token(Answer):
    """What a program signs in with; the token itself is nowhere."""

    token_id: UUID
    account: str
    name: str = Field(description="what it is for")
    scopes: list[str]
    state: Literal["in-force", "expired", "revoked"]
    created_at: datetime
    created_by: str
    expires_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


class TokenWanted(Sent):
    """A token to make."""

    account: AccountName
    name: Annotated[
        str,
        StringConstraints(
            strip_whitespace=True, min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f]+$"
        ),
    ] = Field(description="what it is for", examples=["bridge to the clinic's system"])
    scopes: Annotated[list[Permission], Field(min_length=1, max_length=len(Permission))] = Field(
        description="what it may of what the account may", examples=[["check-ins:read"]]
    )
    days: Annotated[int, Field(ge=1, le=366)] = Field(90, description="so long it lasts")


class TokenMade(Answer):
    """A token that was made."""

    token_id: UUID
    account: str
    scopes: list[str]
    token: str = Field(description="shown this once and stored nowhere")
    expires_at: datetime
