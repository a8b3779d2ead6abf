"""Signing in at a provider, from leaving to coming back. Made by `app`, called by `routes.oidc`."""

import hmac
import json
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, Protocol

from config.settings import Oidc
from streamer.clock import Clock
from streamer.domain.account import Identity, NewAccount
from streamer.domain.role import Role
from streamer.web.oidc.claims import Claimed, claimed
from streamer.web.oidc.departure import Departure
from streamer.web.problem import Problem, forbidden
from streamer.web.security.local_path import local_path

if TYPE_CHECKING:
    from streamer.web.oidc.provider import OidcProvider

LONGEST_S: Final = 600
"""So long somebody may take at the provider."""

CALLBACK: Final = "/api/v1/oidc/callback"


class Sealer(Protocol):
    """`crypto.web_secrets.WebSecrets` is one."""

    def seal_state(self, text: str) -> str:
        """Sign."""
        ...

    def open_state(self, sealed: str) -> str | None:
        """Return what was signed, if it was."""
        ...


class Sessions(Protocol):
    """`storage.web_sessions.PostgresSessions` is one."""

    async def begin_of_identity(
        self,
        identity: Identity,
        suggested: NewAccount,
        former: str | None,
        address: str,
        now: datetime,
    ) -> tuple[str, str] | None:
        """The session's secret and the account's name; None = the account is disabled."""
        ...

    async def has_roles_here(self, identity: Identity) -> bool:
        """Is there an account of this person whose roles are not the provider's to say?"""
        ...

    async def failed(self, account: str | None, address: str, reason: str, now: datetime) -> None:
        """Put a failure on record."""
        ...


@dataclass(frozen=True, slots=True)
class Leaving:
    """Where somebody is sent, and what their browser keeps meanwhile."""

    url: str
    cookie: str


@dataclass(frozen=True, slots=True)
class Back:
    """Somebody has signed in.

    Attributes:
        secret: Their session's.
        return_to: Where in this server they wanted to go.
    """

    secret: str
    return_to: str


class OidcSignIn:
    """What belongs to one sign-in is in a signed cookie of the browser that began it.

    So nobody's browser can be made to end what another one began, and nothing has to be kept here.
    """

    def __init__(
        self,
        provider: "OidcProvider",
        rules: Oidc,
        public_url: str,
        sealer: Sealer,
        sessions: Sessions,
        clock: Clock,
    ) -> None:
        """Keep the collaborators; `public_url` is where people come back to."""
        self._provider = provider
        self._rules = rules
        self._public_url = public_url
        self._sealer = sealer
        self._sessions = sessions
        self._clock = clock

    async def leave(self, return_to: str) -> Leaving:
        """Begin.

        Raises:
            Problem: The provider is away.
        """
        departure = await self._provider.depart(self._redirect_uri)
        kept = {
            "state": departure.state,
            "nonce": departure.nonce,
            "verifier": departure.verifier,
            "return_to": local_path(return_to),
            "until": self._clock.now().timestamp() + LONGEST_S,
        }
        return Leaving(departure.url, self._sealer.seal_state(json.dumps(kept)))

    async def come_back(
        self,
        cookie: str | None,
        state: str,
        code: str | None,
        error: str | None,
        issuer: str | None,
        former: str | None,
        address: str,
    ) -> Back:
        """End.

        Args:
            cookie: What the browser kept.
            state: What the provider sent along.
            code: And the code.
            error: Or why there is none.
            issuer: Who it says it is (RFC 9207); None = it does not say.
            former: The secret of a session the browser came with; it ends.
            address: From where.

        Raises:
            Problem: They are not signed in.
        """
        kept = self._kept(cookie, state)
        if issuer is not None and issuer != self._provider.issuer:
            raise await self._refused(address, "issuer", "another provider has answered")
        if code is None:
            why = (
                "it was broken off at the provider" if error == "access_denied" else "no code came"
            )
            raise await self._refused(address, "provider", f"{why}; begin anew")
        departure = Departure("", kept["state"], kept["nonce"], kept["verifier"])
        claims = await self._provider.arrive(code, self._redirect_uri, departure)
        identity = Identity(self._provider.issuer, str(claims["sub"]))
        found = claimed(claims, self._rules)
        if not await self._sessions.has_roles_here(identity):
            await self._check(found, address)
        suggested = NewAccount(
            name=found.name or "",
            roles=found.roles,
            practitioner_refs=found.practitioner_refs,
            identity=identity,
            roles_from_provider=True,
        )
        begun = await self._sessions.begin_of_identity(
            identity, suggested, former, address, self._clock.now()
        )
        if begun is None:
            raise await self._refused(address, "disabled", "this account is disabled")
        return Back(begun[0], kept["return_to"])

    async def sign_out_url(self) -> str | None:
        """Where somebody is signed out at the provider, too."""
        try:
            return await self._provider.sign_out_url(f"{self._public_url}/")
        except Problem:
            # They are signed out here all the same.
            return None

    @property
    def _redirect_uri(self) -> str:
        return self._public_url + CALLBACK

    async def _check(self, found: Claimed, address: str) -> None:
        if not found.roles:
            raise await self._refused(
                address, "no-role", "you have no role here; ask the administrator for one"
            )
        if Role.INSURER in found.roles and len(found.roles) > 1:
            raise await self._refused(
                address, "roles", "role insurer goes with no other; ask the administrator"
            )

    async def _refused(self, address: str, reason: str, detail: str) -> Problem:
        await self._sessions.failed(None, address, reason, self._clock.now())
        return forbidden(detail)

    def _kept(self, cookie: str | None, state: str) -> dict[str, str]:
        text = None if cookie is None else self._sealer.open_state(cookie)
        if text is None:
            raise _begin_anew("this browser has not begun to sign in here")
        kept = json.loads(text)
        if float(kept.pop("until")) < self._clock.now().timestamp():
            raise _begin_anew("it took too long")
        if not hmac.compare_digest(kept["state"].encode(), state.encode()):
            raise _begin_anew("this answer belongs to another beginning")
        return {str(name): str(value) for name, value in kept.items()}


def _begin_anew(why: str) -> Problem:
    return Problem(HTTPStatus.BAD_REQUEST, "sign-in", f"{why}; begin anew")
