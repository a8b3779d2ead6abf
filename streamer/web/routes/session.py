"""`/session`: who am I?"""

from typing import Annotated

from pydantic import BaseModel

from streamer.web.principal import Principal
from streamer.web.require import require
from streamer.web.router import router

session = router("/session", "session")


class WhoAmI(BaseModel):
    """The account behind the request."""

    account: str
    site_id: str
    via: str
    roles: list[str]
    permissions: list[str]
    practitioner_refs: list[str]
    cameras: list[str] | None


@session.get("")
async def read_session(principal: Annotated[Principal, require()]) -> WhoAmI:
    """Say who is signed in, and what they may."""
    return WhoAmI(
        account=principal.account,
        site_id=principal.site_id,
        via=principal.via,
        roles=sorted(principal.roles),
        permissions=sorted(principal.permissions),
        practitioner_refs=list(principal.practitioner_refs),
        cameras=None if principal.cameras is None else sorted(principal.cameras),
    )
