"""What the web server needs of the rest: its routes' Protocols, collected. Filled by `app`."""

from dataclasses import dataclass
from typing import Protocol

from streamer.clock import Clock
from streamer.web.principal import Principal
from streamer.web.resources import Resources


class Identities(Protocol):
    """Knows who is behind a session's cookie or an API token."""

    async def of_session(self, secret: str) -> Principal | None:
        """Who has this session; None = nobody, or not any more."""
        ...

    async def of_token(self, secret: str) -> Principal | None:
        """Who has this API token; None = nobody, or not any more."""
        ...


@dataclass(frozen=True, slots=True)
class WebParts:
    """Everything the routes work with; `request.app.state.parts` is it (`parts_of`).

    Attributes:
        site_id: The only site there is here.
        clock: The only source of time.
        identities: Who is who.
        resources: What the routes of the clinic's domain work with.
    """

    site_id: str
    clock: Clock
    identities: Identities
    resources: Resources | None = None
