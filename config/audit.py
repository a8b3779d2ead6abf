"""The settings of the audit: where the ends of its chains are kept besides the database."""

from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator

from config.section import Section, checked_scheme, with_url_file


class Audit(Section):
    """Checkpoints of the audit, by which a chain that was written anew is found out."""

    checkpoint_s: float = Field(60.0, ge=1, le=3600, description="one so often, and at the end")
    checkpoint_file: Path | None = Field(
        None,
        description="the file they are added to, best on another machine's disk; null = "
        "audit/checkpoints.jsonl in the home folder",
    )
    checkpoint_url: SecretStr | None = Field(
        None, description="https address that each is posted to as well; null = none"
    )
    checkpoint_url_file: Path | None = Field(None, description="a file that holds the URL instead")
    token_file: Path | None = Field(
        None, description="a file with the whole Authorization header for it; null = none"
    )
    ca_file: Path | None = Field(
        None, description="certificates (PEM) to trust there; null = the system's authorities"
    )
    connect_timeout_s: float = Field(3.0, gt=0, le=60, description="for the connection")
    timeout_s: float = Field(5.0, gt=0, le=60, description="for everything together")

    @model_validator(mode="before")
    @classmethod
    def _from_file(cls, data: object) -> object:
        return with_url_file(data, "checkpoint_url")

    @field_validator("checkpoint_url")
    @classmethod
    def _web_scheme(cls, value: SecretStr | None) -> SecretStr | None:
        return checked_scheme(value, ("https", "http"))

    @model_validator(mode="after")
    def _not_in_the_clear(self) -> Self:
        if self.checkpoint_url is not None:
            address = urlsplit(self.checkpoint_url.get_secret_value())
            local = address.hostname in ("127.0.0.1", "::1", "localhost")
            if address.scheme == "http" and not local:
                raise ValueError("checkpoints travel over https only; correct checkpoint_url")
        return self
