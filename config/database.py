"""Where PostgreSQL is and who logs in: a section of the settings, had from `config.settings`."""

from pathlib import Path

from pydantic import Field, SecretStr, field_validator, model_validator

from config.section import Section, checked_scheme, with_url_file

_URLS = ("url", "owner_url", "retention_url", "auditor_url")


class Database(Section):
    """PostgreSQL; without a URL an embedded server is started under the home folder."""

    url: SecretStr | None = Field(
        None,
        description="postgresql://user:password@host/name, the user a member of kirdi_service; "
        "null = embedded server",
    )
    url_file: Path | None = Field(None, description="a file that holds the URL instead")
    owner_url: SecretStr | None = Field(
        None,
        description="the same database, the user a member of kirdi_owner; only `kirdi db migrate` "
        "needs it; null = url",
    )
    owner_url_file: Path | None = Field(None, description="a file that holds it instead")
    retention_url: SecretStr | None = Field(
        None, description="the user a member of kirdi_retention; deletes what has a term"
    )
    retention_url_file: Path | None = Field(None, description="a file that holds it instead")
    auditor_url: SecretStr | None = Field(
        None, description="the user a member of kirdi_auditor; reads the audit"
    )
    auditor_url_file: Path | None = Field(None, description="a file that holds it instead")
    pool_size: int = Field(8, ge=2, le=64, description="most connections at once")
    connect_timeout_s: float = Field(5.0, gt=0, description="for a new connection")
    acquire_timeout_s: float = Field(5.0, gt=0, description="for a free connection of the pool")
    command_timeout_s: float = Field(10.0, gt=0, description="for one statement")

    @model_validator(mode="before")
    @classmethod
    def _from_files(cls, data: object) -> object:
        for key in _URLS:
            data = with_url_file(data, key)
        return data

    @field_validator(*_URLS)
    @classmethod
    def _postgres_scheme(cls, value: SecretStr | None) -> SecretStr | None:
        return checked_scheme(value, ("postgresql", "postgres"))

    @model_validator(mode="after")
    def _others_go_with_the_url(self) -> "Database":
        given = [key for key in _URLS if getattr(self, key) is not None]
        if given and self.url is None:
            raise ValueError(f"{given[0]} needs url, which says where the service logs in")
        return self

    @property
    def urls(self) -> tuple[SecretStr, ...]:
        """All that are given, for the log to leave their passwords out."""
        return tuple(url for key in _URLS if (url := getattr(self, key)) is not None)
