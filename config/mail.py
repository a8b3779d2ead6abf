"""The settings of the clinic's mail server."""

import re
from pathlib import Path
from typing import Final, Literal, Self

from pydantic import Field, SecretStr, model_validator

from config.section import Section, with_url_file

_ADDRESS: Final = re.compile(r"[a-z0-9!#$%&*+/=?^_`{|}~.-]+@[a-z0-9.-]+", re.IGNORECASE)


def is_address(text: str) -> bool:
    """Is it one address for mail, without a name, and fit for a message's head?"""
    return len(text) <= 254 and _ADDRESS.fullmatch(text) is not None


class Mail(Section):
    """The server that reports are mailed through; without a host none are (docs/reports.md)."""

    host: str | None = Field(None, description="the server's name; null = no mail is sent")
    port: int = Field(587, ge=1, le=65535, description="where it takes mail to be sent")
    security: Literal["starttls", "tls", "none"] = Field(
        "starttls",
        description="starttls and tls refuse a server without it or with a certificate that is not "
        "trusted; none sends in the clear, with no password",
    )
    user: str | None = Field(None, description="account there; null = none is named")
    password: SecretStr | None = Field(None, description="and its password")
    password_file: Path | None = Field(None, description="a file that holds it instead")
    sender: str = Field("", description="the address that mail comes from")
    ca_file: Path | None = Field(
        None, description="certificates (PEM) to trust; null = the system's authorities"
    )
    connect_timeout_s: float = Field(10.0, gt=0, le=60, description="for each answer of the server")
    timeout_s: float = Field(60.0, gt=0, le=600, description="for a whole message")

    @model_validator(mode="before")
    @classmethod
    def _from_file(cls, data: object) -> object:
        return with_url_file(data, "password")

    @model_validator(mode="after")
    def _usable(self) -> Self:
        if self.host is None:
            return self
        if not is_address(self.sender):
            raise ValueError("a host needs sender, the address that mail comes from")
        if (self.user is None) != (self.password is None):
            raise ValueError("user and password go together; give both or neither")
        if self.security == "none" and self.password is not None:
            raise ValueError("a password never travels in the clear; set security to starttls")
        return self
