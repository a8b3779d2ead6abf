"""`/tokens`: what programs sign in with."""

from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from streamer.web.clinic import Clinic
from streamer.web.documented import PROBLEMS, WRITE
from streamer.web.models.accounts import AccountName, Token, TokenMade, TokenWanted
from streamer.web.models.base import Listed
from streamer.web.once import Once
from streamer.web.paging import PageAsked
from streamer.web.permissions import Permission
from streamer.web.principal import Principal
from streamer.web.problem import Problem, not_found
from streamer.web.require import require
from streamer.web.router import router

tokens = router("/tokens", "accounts")

Reader = Annotated[Principal, require(Permission.ACCOUNTS_READ)]
Admin = Annotated[Principal, require(Permission.ACCOUNTS_WRITE)]


@tokens.get("", responses=PROBLEMS)
async def list_tokens(
    _principal: Reader,
    clinic: Clinic,
    paging: PageAsked,
    account: Annotated[AccountName | None, Query(description="only this one's")] = None,
) -> Listed[Token]:
    """List the tokens, revoked ones too; what they are nobody can say any more."""
    return paging.part_of(list(await clinic.installation.tokens.listed(account)))


@tokens.post("", status_code=HTTPStatus.CREATED, response_model=TokenMade, responses=WRITE)
async def create_token(principal: Admin, clinic: Clinic, once: Once, sent: TokenWanted) -> Response:
    """Make a token for a program; it is shown this once.

    Only for one's own account, and for accounts of programs: those that nobody signs in to. What
    somebody else does must be theirs on record.
    """

    async def make() -> TokenMade:
        found = await clinic.installation.accounts.find(sent.account)
        if found is None:
            raise not_found("account")
        if found.signs_in_by and found.account != principal.account:
            detail = (
                "somebody signs in to this account, and what its token did would be theirs on "
                "record; make an account of the program's own, without a password"
            )
            raise Problem(HTTPStatus.CONFLICT, "refused", detail)
        return await clinic.installation.tokens.create(sent, principal.actor)

    return await once(make, HTTPStatus.CREATED)


@tokens.delete("/{token_id}", response_model=Token, responses=WRITE)
async def revoke_token(principal: Admin, clinic: Clinic, once: Once, token_id: UUID) -> Response:
    """Take a token out of force, at once. One that is out of force stays so."""

    async def revoke() -> Token:
        found = await clinic.installation.tokens.revoke(token_id, principal.actor)
        if found is None:
            raise not_found("token")
        return found

    return await once(revoke)
