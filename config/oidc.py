"""The settings of signing in at the clinic's OpenID Connect provider."""

from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator

from config.section import Section, with_url_file

LOOPBACK = ("127.0.0.1", "::1", "localhost")

RoleName = Literal[
    "reception",
    "operator",
    "reviewer",
    "practitioner",
    "head",
    "auditor",
    "insurer",
    "dpo",
    "admin",
]


class Oidc(Section):
    """The provider that vouches for the staff; without an issuer there is none."""

    issuer: str | None = Field(
        None, description="the provider's address, as it names itself; null = local accounts only"
    )
    client_id: str = Field("", description="what the provider knows this installation as")
    client_secret: SecretStr | None = Field(None, description="what it proves that with")
    client_secret_file: Path | None = Field(None, description="a file that holds it instead")
    scopes: tuple[str, ...] = Field(
        ("openid", "profile"), description="what is asked of the provider; openid among it"
    )
    name_claim: str = Field(
        "preferred_username", description="the claim an account's name is taken from"
    )
    roles_claim: str = Field("groups", description="the claim that lists somebody's groups")
    roles: dict[str, RoleName] = Field(
        default_factory=dict,
        description="group to the role it gives here; who is in none of them is not let in",
    )
    practitioner_claim: str | None = Field(
        None, description="the claim that holds somebody's practitioner_ref; null = none"
    )
    ca_file: Path | None = Field(
        None, description="certificates (PEM) to trust; null = the system's authorities"
    )
    timeout_s: float = Field(5.0, gt=0, le=30, description="for each answer of the provider")

    @model_validator(mode="before")
    @classmethod
    def _from_file(cls, data: object) -> object:
        return with_url_file(data, "client_secret")

    @field_validator("issuer")
    @classmethod
    def _encrypted(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value)
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
            raise ValueError("the issuer's address must begin with https://")
        if parts.query or parts.fragment or "@" in parts.netloc:
            raise ValueError("the issuer's address holds nothing but a host and a path")
        return value

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.issuer is None:
            return self
        if not self.client_id:
            raise ValueError("an issuer needs client_id; register this installation there")
        if "openid" not in self.scopes:
            raise ValueError("scopes must hold openid")
        return self
