"""OpenID Connect's code flow with PKCE, by Authlib. Used by `oidc_sign_in`.

What the provider publishes about itself is read when it is first needed, and again every hour; its
keys also when a token names one that is not known.
"""

import asyncio
import ssl
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import structlog
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.starlette_client import StarletteOAuth2App
from httpx import HTTPError
from joserfc.errors import ClaimError, JoseError

from config.settings import Oidc
from streamer.clock import Clock
from streamer.errors import KirdiError
from streamer.web.oidc.departure import Departure
from streamer.web.problem import Problem

log = structlog.get_logger(__name__)

_METADATA_S: Final = 3600.0
# Between clocks; more than that and one of them is wrong.
_LEEWAY_S: Final = 120
_TIMES: Final = ("exp", "iat", "nbf")
_SECURE: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA")


class OidcProvider:
    """The provider of the settings."""

    def __init__(self, rules: Oidc, clock: Clock) -> None:
        """Keep what it is called and known by; nothing is asked of it yet.

        Raises:
            KirdiError: `oidc.ca_file` cannot be read.
        """
        assert rules.issuer is not None
        self.issuer = rules.issuer
        self._rules = rules
        self._clock = clock
        self._trust: ssl.SSLContext | bool = True
        if rules.ca_file is not None:
            try:
                self._trust = ssl.create_default_context(cafile=rules.ca_file)
            except OSError as error:
                raise KirdiError(
                    f"oidc.ca_file: {rules.ca_file} cannot be read ({error.strerror or error})"
                ) from error
        self._app: Any = None
        self._read_s = 0.0
        self._reading = asyncio.Lock()

    async def depart(self, redirect_uri: str) -> Departure:
        """Begin: say where somebody has to go.

        Raises:
            Problem: The provider is away or is not what the settings say.
        """
        app = await self._ready()
        with _spoken():
            made = await app.create_authorization_url(redirect_uri)
        return Departure(made["url"], made["state"], made["nonce"], made["code_verifier"])

    async def arrive(
        self, code: str, redirect_uri: str, departure: Departure
    ) -> Mapping[str, object]:
        """End: exchange the code, and return the claims of the ID token, checked.

        Raises:
            Problem: The provider is away, refuses, or what it says cannot be believed.
        """
        app = await self._ready()
        with _spoken():
            token = await app.fetch_access_token(
                redirect_uri=redirect_uri, code=code, code_verifier=departure.verifier
            )
            claims = await app.parse_id_token(
                token,
                nonce=departure.nonce,
                claims_options={
                    "iss": {"essential": True, "value": self.issuer},
                    "aud": {"essential": True, "value": self._rules.client_id},
                    "sub": {"essential": True},
                    "exp": {"essential": True},
                    "nonce": {"essential": True, "value": departure.nonce},
                },
                leeway=_LEEWAY_S,
            )
        if claims is None:
            raise _unbelievable("it sent no ID token")
        wanted = {self._rules.roles_claim, self._rules.name_claim}
        if wanted <= claims.keys():
            return dict(claims)
        return await self._with_userinfo(app, token, dict(claims))

    async def sign_out_url(self, back_to: str) -> str | None:
        """Where somebody is signed out there, too; None = the provider has no such place."""
        app = await self._ready()
        if not app.server_metadata.get("end_session_endpoint"):
            return None
        with _spoken():
            made = await app.create_logout_url(
                post_logout_redirect_uri=back_to, client_id=self._rules.client_id
            )
        return str(made["url"])

    async def _with_userinfo(
        self, app: Any, token: Mapping[str, object], claims: dict[str, object]
    ) -> dict[str, object]:
        """Some providers put groups there only."""
        if not app.server_metadata.get("userinfo_endpoint"):
            return claims
        with _spoken():
            more = await app.userinfo(token=token)
        if more.get("sub") != claims["sub"]:
            raise _unbelievable("its userinfo is about somebody else")
        return dict(more) | claims

    async def _ready(self) -> Any:
        """Authlib's application, with what the provider publishes about itself."""
        async with self._reading:
            now_s = self._clock.monotonic()
            if self._app is not None and now_s - self._read_s < _METADATA_S:
                return self._app
            app = self._fresh()
            with _spoken():
                metadata = await app.load_server_metadata()
            self._check(metadata)
            algorithms = metadata.get("id_token_signing_alg_values_supported") or ["RS256"]
            # Never a signature by the client's secret, and never none.
            metadata["id_token_signing_alg_values_supported"] = [
                one for one in algorithms if one in _SECURE
            ]
            self._app, self._read_s = app, now_s
            return app

    def _fresh(self) -> Any:
        rules = self._rules
        secret = rules.client_secret
        return StarletteOAuth2App(
            framework=None,
            name="provider",
            client_id=rules.client_id,
            client_secret=None if secret is None else secret.get_secret_value(),
            server_metadata_url=f"{self.issuer.rstrip('/')}/.well-known/openid-configuration",
            client_kwargs={
                "scope": " ".join(rules.scopes),
                "code_challenge_method": "S256",
                "timeout": rules.timeout_s,
                "verify": self._trust,
                "follow_redirects": False,
                **({} if secret is not None else {"token_endpoint_auth_method": "none"}),
            },
        )

    def _check(self, metadata: Mapping[str, object]) -> None:
        """OpenID Connect Discovery 1.0, 4.3: it names itself exactly as the settings name it."""
        if metadata.get("issuer") != self.issuer:
            raise _unbelievable("it calls itself something else than was set here")
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            address = metadata.get(name)
            secure = isinstance(address, str) and address.startswith(
                "https://" if self.issuer.startswith("https://") else "http"
            )
            if not secure:
                raise _unbelievable(f"its {name} is missing or not encrypted")


class _spoken:  # noqa: N801 - reads as a statement
    """Turns what goes wrong with the provider into a problem."""

    def __enter__(self) -> None:
        """Nothing to do."""

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        """Raise ours."""
        if isinstance(error, HTTPError):
            log.warning("the provider does not answer", reason=type(error).__name__)
            raise Problem(
                HTTPStatus.BAD_GATEWAY,
                "provider-away",
                "the OpenID Connect provider does not answer; try again, or sign in with a "
                "password",
            ) from error
        if isinstance(error, AuthlibBaseError):
            word = str(error.error or type(error).__name__)
            raise _unbelievable(f"it says {word[:64]}") from error
        if isinstance(error, ClaimError) and error.claim in _TIMES:
            raise _unbelievable("its clock and this machine's differ, or it took too long")
        if isinstance(error, JoseError):
            raise _unbelievable(
                f"its ID token cannot be checked ({type(error).__name__})"
            ) from error
        if isinstance(error, ValueError | KeyError | TypeError | RuntimeError):
            raise _unbelievable("its answer cannot be read") from error


def _unbelievable(why: str) -> Problem:
    log.warning("the provider is not believed", reason=why)
    return Problem(
        HTTPStatus.BAD_GATEWAY,
        "provider",
        f"the OpenID Connect provider is not believed: {why}; try again, or tell the administrator",
    )
