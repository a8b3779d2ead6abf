"""The web server of a site, put together from its stores. Used by `app` and tests of the API."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from streamer.backend import Backend
from streamer.crypto.passwords import Passwords
from streamer.web.application import create_application, open_clinic
from streamer.web.oidc.oidc_sign_in import OidcSignIn
from streamer.web.place import announce, withdraw
from streamer.web.ports import Entrance, Identities, WebParts
from streamer.web.resources import Resources
from streamer.web.rules import WebRules
from streamer.web.security.identities import StoredIdentities
from streamer.web.security.password_check import Hasher, PasswordCheck
from streamer.web.security.sign_in import SignIn
from streamer.web.server import WebServer


class WebService:
    """The server with its routes; `run` is one of the service's tasks."""

    def __init__(
        self,
        server: WebServer,
        url: str,
        identities: Identities,
        open_clinic: Callable[[Resources], None],
    ) -> None:
        """Keep the server, whose address is taken, where that is, and the rest of its routes.

        Args:
            server: Bound.
            url: Where it is reached.
            identities: Who is who.
            open_clinic: Lets the routes of the clinic's domain work; to be called before `run`.
        """
        self.url = url
        self.identities = identities
        self.open_clinic = open_clinic
        self._server = server

    async def run(self, stop: asyncio.Event) -> None:
        """Serve until stopped."""
        await self._server.run(stop)


@asynccontextmanager
async def open_web(backend: Backend, home: Path) -> AsyncIterator[WebService | None]:
    """Take the address and tell the commands of it; None where `web.enabled` is false.

    Raises:
        KirdiError: The address is taken, or what the settings name cannot be used.
    """
    web = backend.settings.web
    if not web.enabled:
        await asyncio.to_thread(withdraw, home)
        yield None
        return
    async with web_parts(backend) as parts:
        application = create_application(parts)
        server = WebServer(application, web, backend.clock, parts.stopping)
        url = await asyncio.to_thread(server.bind)
        try:
            await asyncio.to_thread(announce, home, url, web.public_url)
            yield WebService(
                server,
                web.public_url or url,
                parts.entrance.identities,
                partial(open_clinic, application),
            )
        finally:
            server.close()
            await asyncio.to_thread(withdraw, home)


@asynccontextmanager
async def web_parts(backend: Backend, hasher: Hasher | None = None) -> AsyncIterator[WebParts]:
    """Make what the routes work with; its threads end with the block.

    Args:
        backend: The stores.
        hasher: Checks passwords; None = as slowly as it should be.

    Raises:
        KirdiError: The settings name something that cannot be read.
    """
    settings, clock, secrets = backend.settings, backend.clock, backend.database.web_secrets
    sessions, site_id = backend.web_sessions, settings.site.id
    passwords = PasswordCheck(hasher or Passwords(secrets.pepper))
    oidc = None
    if settings.oidc.issuer is not None:
        assert settings.web.public_url is not None
        # Only where there is a provider: its client takes a while to load.
        from streamer.web.oidc.provider import OidcProvider

        provider = OidcProvider(settings.oidc, clock)
        oidc = OidcSignIn(
            provider, settings.oidc, settings.web.public_url, secrets, sessions, clock
        )
    try:
        yield WebParts(
            site_id=site_id,
            site_name=settings.site.name,
            sends_messages=settings.sms.url is not None,
            clock=clock,
            entrance=Entrance(
                rules=WebRules.of(settings.web),
                identities=StoredIdentities(
                    site_id,
                    sessions,
                    backend.tokens,
                    backend.devices,
                    secrets,
                    clock,
                    settings.staff.practitioner_refs,
                ),
                csrf=secrets.csrf,
                sign_in=SignIn(
                    backend.accounts, sessions, backend.sign_in_attempts, passwords, clock
                ),
                denials=backend.denials,
                pairing=backend.devices,
                oidc=oidc,
            ),
        )
    finally:
        passwords.close()
