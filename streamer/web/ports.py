"""What the web server needs of the rest: its routes' Protocols, collected. Filled by `app`."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from streamer.clock import Clock
from streamer.domain.asked_for import AskedFor
from streamer.domain.device import PairedDevice
from streamer.web.principal import Principal, Via
from streamer.web.resources import Resources
from streamer.web.rules import WebRules
from streamer.web.security.rate_limits import RateLimit

if TYPE_CHECKING:
    from streamer.web.oidc.oidc_sign_in import OidcSignIn
    from streamer.web.security.sign_in import SignIn


@dataclass(frozen=True, slots=True)
class OpenSession:
    """Somebody who is signed in by a browser.

    Attributes:
        principal: Who.
        csrf: The token that has to come with whatever changes something.
    """

    principal: Principal
    csrf: str


class Identities(Protocol):
    """Knows who is behind a session's cookie, an API token or a device's."""

    async def of_session(self, secret: str) -> OpenSession | None:
        """Who has this session; None = nobody, or not any more."""
        ...

    async def of_token(self, secret: str) -> Principal | None:
        """Who has this API token; None = nobody, or not any more."""
        ...

    async def of_device(self, secret: str) -> OpenSession | None:
        """Which tablet or screen has this token; None = none, or not any more."""
        ...

    async def still(self, secret: str, via: Via) -> Principal | None:
        """Who has what was shown a while ago, and what they may by now; None = nobody any more.

        This is no use of it: a session does not live longer because somebody asks.
        """
        ...


class Pairing(Protocol):
    """Turns a pairing code into a device's token; `storage.devices.PostgresDevices` does."""

    async def pair(self, code: str, now: datetime) -> tuple[PairedDevice, str, datetime] | None:
        """Use a code up: the device, its token, and until when; None = there is no such code."""
        ...


class Denials(Protocol):
    """Puts on record who asked for what they may not; `storage.denials.PostgresDenials` does."""

    async def denied(
        self, account: str, route: str, now: datetime, wanted: AskedFor | None = None
    ) -> None:
        """They were refused; raises DatabaseError."""
        ...

    async def missed(self, account: str, route: str, wanted: AskedFor, now: datetime) -> None:
        """They were told that there is no such thing; raises DatabaseError."""
        ...


@dataclass(frozen=True, slots=True)
class Entrance:
    """How people and programs come in.

    Attributes:
        rules: What the settings say.
        identities: Who is who.
        csrf: The token that goes with a session's secret.
        sign_in: By a password.
        denials: Who asked for too much.
        pairing: By a pairing code, for tablets and screens.
        pairing_tries: How often an address may try one. A code has 39 bits and ten minutes: this
            only bounds what failures write.
        vain_tries: How often an account may ask for what is not theirs: each goes on record, and
            this bounds what that writes.
        oidc: By a provider; None = there is none.
    """

    rules: WebRules
    identities: Identities
    csrf: Callable[[str], str]
    sign_in: "SignIn"
    denials: Denials
    pairing: Pairing
    oidc: "OidcSignIn | None" = None
    pairing_tries: RateLimit = field(default_factory=lambda: RateLimit(0.2, 10.0))
    vain_tries: RateLimit = field(default_factory=lambda: RateLimit(0.5, 60.0))


@dataclass(frozen=True, slots=True)
class WebParts:
    """Everything the routes work with; a route asks for `parts: Parts`.

    Attributes:
        site_id: The only site there is here.
        clock: The only source of time.
        entrance: How people come in.
        site_name: For people.
        sends_messages: There is a gateway, so that codes can be sent to phones.
        stopping: Set when the server stops; what goes on for long ends by it.
        resources: What the routes of the clinic's domain work with; None until the service has
            opened all of it.
    """

    site_id: str
    clock: Clock
    entrance: Entrance
    resources: Resources | None = None
    site_name: str = ""
    sends_messages: bool = False
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
