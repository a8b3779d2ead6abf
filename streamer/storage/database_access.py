"""How a database is reached, and as which site. Kept by `Postgres`."""

from dataclasses import dataclass, field

from config.settings import Database


@dataclass(frozen=True, slots=True)
class DatabaseAccess:
    """What it takes to connect.

    Attributes:
        url: With its password: never printed, and handed to nobody but processes of our own.
        limits: Pool size and time-outs; their own `url` is not looked at.
        site_id: Whose rows are seen; None = no site's.
    """

    url: str = field(repr=False)
    limits: Database = field(repr=False)
    site_id: str | None
