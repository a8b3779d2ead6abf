"""The settings of the national digital-documents service (eGov)."""

from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator

from config.section import Section, checked_scheme, with_url_file


class Egov(Section):
    """The service that says whose a code or QR of the national app is; its contract is a setting.

    Without a URL it is not asked.
    """

    url: SecretStr | None = Field(None, description="https address; null = not asked")
    url_file: Path | None = Field(None, description="a file that holds the URL instead")
    path: str = Field("/", description="what is appended to the address")
    method: Literal["POST", "GET"] = Field("POST", description="POST sends JSON, GET a query")
    headers: dict[str, str] = Field(
        default_factory=dict, description="headers it wants; nothing secret"
    )
    token_file: Path | None = Field(
        None, description="a file with the secret for the Authorization header, whole; null = none"
    )
    cert_file: Path | None = Field(None, description="the clinic's certificate (PEM)")
    key_file: Path | None = Field(None, description="its key (PEM, no passphrase)")
    ca_file: Path | None = Field(
        None, description="certificates (PEM) to trust; null = the system's authorities"
    )
    connect_timeout_s: float = Field(2.0, gt=0, le=30, description="for the connection")
    timeout_s: float = Field(4.0, gt=0, le=30, description="for everything together")
    away_s: float = Field(
        30.0, gt=0, le=3600, description="once it did not answer, it is left alone for so long"
    )
    code_field: str = Field(
        "code", min_length=1, description="where the code goes; dots lead inside, as document.code"
    )
    fields: dict[str, str] = Field(
        default_factory=dict, description="what else it wants, as field to text"
    )
    id_number_field: str = Field(
        "iin", min_length=1, description="where the identity number is in its answer; dots as above"
    )
    id_type: Literal["iin", "passport", "birth_certificate"] = Field(
        "iin", description="what kind of number that is"
    )
    dependants_field: str | None = Field(
        None,
        description="where its answer lists the identity numbers of whoever the person is guardian "
        "of; null = only the clinic's own word on guardians counts",
    )
    unknown_statuses: tuple[int, ...] = Field(
        (400, 404, 410, 422), description="HTTP statuses that say: no such code"
    )
    qr_prefix: str | None = Field(
        None,
        min_length=1,
        description="how the texts of its QR codes begin; null = kiosks send it none",
    )

    @model_validator(mode="before")
    @classmethod
    def _from_file(cls, data: object) -> object:
        return with_url_file(data)

    @field_validator("url")
    @classmethod
    def _web_scheme(cls, value: SecretStr | None) -> SecretStr | None:
        return checked_scheme(value, ("https", "http"))

    @model_validator(mode="after")
    def _usable(self) -> Self:
        if (self.cert_file is None) != (self.key_file is None):
            raise ValueError("cert_file and key_file belong together; give both or none")
        if self.url is not None:
            address = urlsplit(self.url.get_secret_value())
            local = address.hostname in ("127.0.0.1", "::1", "localhost")
            if address.scheme == "http" and not local:
                raise ValueError("identity numbers travel over https only; correct the URL")
        return self
