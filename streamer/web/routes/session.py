"""`/session`: signing in and out, one's own password, and who am I?"""

from typing import Annotated

from fastapi import Request, Response
from pydantic import BaseModel, Field, SecretStr

from streamer.domain.account import SignInMethod
from streamer.web.parts import Parts
from streamer.web.principal import Principal, Via
from streamer.web.problem import forbidden
from streamer.web.require import PUBLIC, require
from streamer.web.router import router
from streamer.web.security.cookies import SESSION, clear_cookie, cookie_of, set_cookie
from streamer.web.security.gate import client_address

session = router("/session", "session")

# Longer than any password may be, so that what is too long is told apart from what is wrong.
_Password = Annotated[SecretStr, Field(min_length=1, max_length=1024)]


class WhoAmI(BaseModel):
    """The account behind the request."""

    account: str
    site_id: str
    via: str
    roles: list[str]
    permissions: list[str]
    practitioner_refs: list[str]
    cameras: list[str] | None = Field(description="cameras that may be used; null = all")
    must_change_password: bool = Field(
        description="signed in by a one-time password: nothing but PUT /session/password is open"
    )
    csrf_token: str | None = Field(
        description="for X-CSRF-Token, with everything that changes something; null with a token"
    )


class Credentials(BaseModel):
    """What somebody signs in with."""

    account: Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[^\x00-\x1f\x7f]+$")]
    password: _Password


class PasswordChange(BaseModel):
    """One's own password."""

    current: _Password
    wanted: _Password


class SignedIn(BaseModel):
    """Signed in; what one may says GET."""

    csrf_token: str


class SignedOut(BaseModel):
    """Signed out here."""

    provider_url: str | None = Field(
        description="where to go to be signed out at the provider, too; null = nowhere"
    )


@session.get("")
async def read_session(
    request: Request, parts: Parts, principal: Annotated[Principal, require()]
) -> WhoAmI:
    """Say who is signed in, and what they may."""
    csrf = None
    cookie = cookie_of(request.cookies, SESSION)
    if principal.via is Via.SESSION and cookie is not None:
        opened = await parts.entrance.identities.of_session(cookie)
        csrf = None if opened is None else opened.csrf
    return WhoAmI(
        account=principal.account,
        site_id=principal.site_id,
        via=principal.via,
        roles=sorted(principal.roles),
        permissions=sorted(principal.permissions),
        practitioner_refs=list(principal.practitioner_refs),
        cameras=None if principal.cameras is None else sorted(principal.cameras),
        must_change_password=principal.must_change_password,
        csrf_token=csrf,
    )


@session.post("", dependencies=[PUBLIC])
async def sign_in(
    request: Request, response: Response, parts: Parts, credentials: Credentials
) -> SignedIn:
    """Sign in with a password. A session the browser had before ends."""
    entrance = parts.entrance
    secret = await entrance.sign_in.begin(
        credentials.account,
        credentials.password.get_secret_value(),
        client_address(request.scope),
        cookie_of(request.cookies, SESSION),
    )
    set_cookie(response, SESSION, secret, entrance.rules.longest_s)
    return SignedIn(csrf_token=entrance.csrf(secret))


@session.delete("")
async def sign_out(
    request: Request,
    response: Response,
    parts: Parts,
    principal: Annotated[Principal, require()],
) -> SignedOut:
    """Sign out: the session is good for nothing from now on."""
    cookie = cookie_of(request.cookies, SESSION)
    if principal.via is not Via.SESSION or cookie is None:
        raise forbidden("a token is not signed out but revoked: `kirdi tokens revoke`")
    entrance = parts.entrance
    ended = await entrance.sign_in.end(cookie, principal)
    clear_cookie(response, SESSION)
    if ended is not SignInMethod.OIDC or entrance.oidc is None:
        return SignedOut(provider_url=None)
    return SignedOut(provider_url=await entrance.oidc.sign_out_url())


@session.put("/password", status_code=204)
async def change_password(
    request: Request,
    response: Response,
    parts: Parts,
    principal: Annotated[Principal, require()],
    change: PasswordChange,
) -> None:
    """Give oneself another password. Every session of the account ends, this one too."""
    if principal.via is not Via.SESSION:
        raise forbidden("passwords are changed by those who are signed in")
    await parts.entrance.sign_in.change_password(
        principal,
        change.current.get_secret_value(),
        change.wanted.get_secret_value(),
        client_address(request.scope),
    )
    clear_cookie(response, SESSION)
