"""How a database is reached, and as which site. Kept by `Postgres`, for a process of our own."""

from dataclasses import dataclass, field
from typing import Self

from config.settings import Database


@dataclass(frozen=True, slots=True)
class DatabaseAccess:
    """What it takes to connect as the service, and nothing of the other logins.

    Attributes:
        url: With its password: never printed, and handed to nobody but processes of our own.
        site_id: Whose rows are seen; None = no site's.
    """

    url: str = field(repr=False)
    site_id: str | None
    connect_timeout_s: float
    acquire_timeout_s: float
    command_timeout_s: float

    @classmethod
    def of(cls, url: str, limits: Database, site_id: str | None) -> Self:
        """Take what is needed of the settings."""
        return cls(
            url,
            site_id,
            limits.connect_timeout_s,
            limits.acquire_timeout_s,
            limits.command_timeout_s,
        )

    def limits(self) -> Database:
        """Return the same limits for another process; its pool is small."""
        return Database(
            pool_size=2,
            connect_timeout_s=self.connect_timeout_s,
            acquire_timeout_s=self.acquire_timeout_s,
            command_timeout_s=self.command_timeout_s,
        )
