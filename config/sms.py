"""The settings of the clinic's SMS gateway."""

from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator

from config.section import Section, checked_scheme, with_url_file


class Sms(Section):
    """The gateway that sends codes to registered phones; without a URL none are sent."""

    url: SecretStr | None = Field(
        None, description="https address that a message is posted to; null = no gateway"
    )
    url_file: Path | None = Field(None, description="a file that holds the URL instead")
    token_file: Path | None = Field(
        None, description="a file with the secret that goes into the header named below"
    )
    token_header: str = Field(
        "Authorization", pattern=r"^[A-Za-z0-9-]+$", description="the header the secret goes into"
    )
    token_prefix: str = Field("Bearer ", description="what stands before it there")
    headers: dict[str, str] = Field(
        default_factory=dict, description="other headers; nothing secret"
    )
    format: Literal["json", "form"] = Field("json", description="how the body is written")
    body: dict[str, str] = Field(
        {"to": "{phone}", "text": "{text}"},
        description="the body's fields; {phone} and {text} are filled in",
    )
    accepted_field: str | None = Field(
        None,
        description="the answer's JSON field that says whether it took the message, such as "
        "status or result.code; null = any status from 200 to 299 says so",
    )
    accepted_values: tuple[str, ...] = Field(
        ("0", "ok", "true"), description="what that field holds when it did"
    )
    ca_file: Path | None = Field(
        None, description="certificates (PEM) to trust; null = the system's authorities"
    )
    connect_timeout_s: float = Field(3.0, gt=0, le=60, description="for the connection")
    timeout_s: float = Field(10.0, gt=0, le=60, description="for everything together")

    @model_validator(mode="before")
    @classmethod
    def _from_file(cls, data: object) -> object:
        return with_url_file(data)

    @field_validator("url")
    @classmethod
    def _web_scheme(cls, value: SecretStr | None) -> SecretStr | None:
        return checked_scheme(value, ("https", "http"))

    @field_validator("token_prefix", mode="before")
    @classmethod
    def _blank_kept(cls, value: object) -> object:
        # Sections strip their texts, and the blank after Bearer would be lost.
        return value.strip() + " " if isinstance(value, str) and value.strip() else value

    @model_validator(mode="after")
    def _usable(self) -> Self:
        if self.url is None:
            return self
        address = urlsplit(self.url.get_secret_value())
        if address.scheme == "http" and address.hostname not in ("127.0.0.1", "::1", "localhost"):
            raise ValueError("phones and codes travel over https only; correct the URL")
        text = " ".join(self.body.values())
        if "{phone}" not in text or "{text}" not in text:
            raise ValueError("body needs a field with {phone} and one with {text}")
        return self
