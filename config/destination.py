"""The settings of where reports are sent: a folder, an address, a server."""

from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator

from config.mail import is_address
from config.section import Identifier, Section, checked_scheme, with_url_file


class Destination(Section):
    """One place that reports are sent to: exactly one of `folder`, `email` and `webhook`."""

    id: Identifier = Field(description="name of this destination, in schedules and records")
    folder: Path | None = Field(
        None, description="folder of this machine or a mounted share; reports lie there in files"
    )
    email: str | None = Field(None, description="address that mail goes to: one, or a list's own")
    webhook: SecretStr | None = Field(
        None, description="https address that is told of a report by a signed POST"
    )
    webhook_file: Path | None = Field(None, description="a file that holds that address instead")
    secret: SecretStr | None = Field(
        None, description="what webhooks are signed with, 32 characters or more"
    )
    secret_file: Path | None = Field(None, description="a file that holds it instead")
    attach: Literal["link", "encrypted", "open"] = Field(
        "link",
        description="what an e-mail or webhook brings: a link to the console; the files, encrypted "
        "for `certificate` (e-mail); or the files as they are: **patients' references then lie "
        "open in a mailbox**",
    )
    certificate: Path | None = Field(
        None, description="the recipient's S/MIME certificate (PEM, RSA) for attach: encrypted"
    )
    ca_file: Path | None = Field(
        None, description="of a webhook: certificates (PEM) to trust; null = the system's"
    )
    timeout_s: float = Field(20.0, gt=0, le=120, description="of a webhook: for everything")

    @model_validator(mode="before")
    @classmethod
    def _from_files(cls, data: object) -> object:
        return with_url_file(with_url_file(data, "webhook"), "secret")

    @field_validator("webhook")
    @classmethod
    def _web_scheme(cls, value: SecretStr | None) -> SecretStr | None:
        return checked_scheme(value, ("https", "http"))

    @field_validator("email")
    @classmethod
    def _one_address(cls, value: str | None) -> str | None:
        if value is not None and not is_address(value):
            raise ValueError("email must be one address, as head@clinic.example")
        return value

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        ways = [one for one in ("folder", "email", "webhook") if getattr(self, one) is not None]
        if len(ways) != 1:
            raise ValueError(f"{self.id}: give exactly one of folder, email and webhook")
        if self.folder is not None and not self.folder.is_absolute():
            raise ValueError(f"{self.id}: folder must begin with /")
        if self.webhook is not None:
            self._check_webhook(self.webhook.get_secret_value())
        if self.attach == "encrypted" and (self.email is None or self.certificate is None):
            raise ValueError(f"{self.id}: attach: encrypted needs email and certificate")
        return self

    def _check_webhook(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme == "http" and parts.hostname not in ("127.0.0.1", "::1", "localhost"):
            raise ValueError(f"{self.id}: webhooks travel over https only; correct the address")
        if self.secret is None or len(self.secret.get_secret_value()) < 32:
            raise ValueError(f"{self.id}: a webhook needs a secret of 32 characters or more")
