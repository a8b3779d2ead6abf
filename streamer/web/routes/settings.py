"""`/settings`: what the service goes by. Read only: they are changed in the settings file."""

from typing import Annotated

from fastapi import Query

from streamer.web.clinic import Clinic
from streamer.web.documented import PROBLEMS
from streamer.web.fields import Label
from streamer.web.models.base import Listed
from streamer.web.models.settings import Setting
from streamer.web.paging import PageAsked
from streamer.web.permissions import Permission
from streamer.web.principal import Principal
from streamer.web.require import require
from streamer.web.router import router

settings = router("/settings", "installation")


@settings.get("", responses=PROBLEMS)
async def list_settings(
    _principal: Annotated[Principal, require(Permission.SETTINGS_READ)],
    clinic: Clinic,
    paging: PageAsked,
    section: Annotated[
        Label | None, Query(description="only keys that begin with it", examples=["match"])
    ] = None,
) -> Listed[Setting]:
    """List the settings in force: where each comes from, and what it means. No secret is told."""
    found = clinic.installation.settings.settings()
    return paging.part_of([one for one in found if one.key.startswith(section or "")])
