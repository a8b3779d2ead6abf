"""What every request passes before its route: host, rate, who asks, and whether a page made it.

ASGI middleware, put in place by `application`. Who may do what is the route's to say (`require`).
"""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from streamer.clock import Clock
from streamer.errors import KirdiError
from streamer.web.errors import problem_of
from streamer.web.ports import Identities
from streamer.web.principal import Principal
from streamer.web.problem import Problem, forbidden, too_many
from streamer.web.rules import WebRules
from streamer.web.security.cookies import DEVICE, SESSION, cookie_of
from streamer.web.security.cross_site import (
    SAFE_METHODS,
    from_elsewhere,
    host_is_ours,
    token_fits,
)
from streamer.web.security.rate_limits import RateLimit, neighbourhood

# An address may be a whole clinic behind one router.
_ADDRESS_PER_S: Final = 100.0
_ADDRESS_BURST: Final = 400.0
_ACCOUNT_PER_S: Final = 20.0
_ACCOUNT_BURST: Final = 100.0
# Ten guessed tokens or cookies a second, then none for a while.
_GUESS_COST: Final = 20.0
_LONGEST_SECRET: Final = 256
_MOST_HEAD_BYTES: Final = 16_384


@dataclass(frozen=True, slots=True)
class _Shown:
    """What somebody came with, and who they are by it."""

    principal: Principal | None
    csrf: str | None = None
    guessed: bool = False
    bearer: bool = False


class Gate:
    """Puts the principal, or None, where `require` looks for it, and the token beside it."""

    def __init__(self, app: ASGIApp, identities: Identities, rules: WebRules, clock: Clock) -> None:
        """Keep what comes next and the collaborators."""
        self._app = app
        self._identities = identities
        self._rules = rules
        self._clock = clock
        self._addresses = RateLimit(_ADDRESS_PER_S, _ADDRESS_BURST)
        self._accounts = RateLimit(_ACCOUNT_PER_S, _ACCOUNT_BURST)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] == "http":
            try:
                shown = await self._pass(scope)
                scope.setdefault("state", {}).update(principal=shown.principal, csrf=shown.csrf)
            except Problem as problem:
                await problem.response()(scope, receive, send)
                return
            except KirdiError as error:
                await problem_of(error).response()(scope, receive, send)
                return
        await self._app(scope, receive, send)

    async def _pass(self, scope: Scope) -> _Shown:
        connection, now_s = HTTPConnection(scope), self._clock.monotonic()
        headers = connection.headers
        if sum(len(name) + len(value) for name, value in headers.raw) > _MOST_HEAD_BYTES:
            status = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
            raise Problem(status, "headers", "the request's headers are too long")
        if not host_is_ours(headers.get("host", ""), self._rules):
            detail = "this server goes by another name; use the address that you were given"
            raise Problem(HTTPStatus.MISDIRECTED_REQUEST, "host", detail)
        place = neighbourhood(client_address(scope))
        _allow(self._addresses.take(place, now_s))
        shown = await self._who(connection)
        if shown.guessed:
            self._addresses.charge(place, now_s, _GUESS_COST)
        if shown.principal is not None:
            _allow(self._accounts.take(shown.principal.account, now_s))
        if not shown.bearer and scope["method"] not in SAFE_METHODS:
            self._refuse_other_sites(headers, scope["scheme"], shown.csrf)
        return shown

    async def _who(self, connection: HTTPConnection) -> _Shown:
        scheme, _, secret = connection.headers.get("authorization", "").partition(" ")
        if scheme:
            # Whoever sends a token means it: a cookie that comes along is not looked at.
            secret = secret.strip()
            if scheme.lower() != "bearer" or not 0 < len(secret) <= _LONGEST_SECRET:
                return _Shown(None, guessed=True, bearer=True)
            principal = await self._identities.of_token(secret)
            return _Shown(principal, guessed=principal is None, bearer=True)
        cookie = cookie_of(connection.cookies, SESSION)
        session = None if cookie is None else await self._identities.of_session(cookie)
        if session is None:
            # None, or mostly one that is over.
            token = cookie_of(connection.cookies, DEVICE)
            session = None if token is None else await self._identities.of_device(token)
        return _Shown(None) if session is None else _Shown(session.principal, session.csrf)

    def _refuse_other_sites(self, headers: Headers, scheme: str, csrf: str | None) -> None:
        if from_elsewhere(headers, scheme, self._rules):
            raise forbidden("another site's page has asked for this")
        if csrf is not None and not token_fits(headers, csrf):
            raise Problem(
                HTTPStatus.FORBIDDEN,
                "csrf",
                "send the session's csrf_token as X-CSRF-Token (GET /api/v1/session tells it)",
            )


def client_address(scope: Scope) -> str:
    """From where somebody asks, proxies left out."""
    client = scope.get("client")
    return "unknown" if client is None else str(client[0])


def _allow(wait_s: float | None) -> None:
    if wait_s is not None:
        raise too_many(wait_s)
