"""`/incidents`: what a breach of personal data asks for, in figures."""

from datetime import datetime, tzinfo
from http import HTTPStatus
from typing import Annotated

from fastapi import Query

from streamer.domain.incident import Breach
from streamer.web.clinic import Clinic
from streamer.web.documented import PROBLEMS
from streamer.web.fields import Label, Moment, Named
from streamer.web.installation import IncidentAsked
from streamer.web.models.incidents import IncidentReport
from streamer.web.permissions import Permission
from streamer.web.principal import Principal
from streamer.web.problem import Problem
from streamer.web.require import require
from streamer.web.router import router

incidents = router("/incidents", "rights")


@incidents.get("/report", responses=PROBLEMS)
async def report_incident(
    principal: Annotated[Principal, require(Permission.INCIDENTS_READ)],
    clinic: Clinic,
    begins: Annotated[Moment, Query(alias="from", description="when it began")],
    ends: Annotated[Moment, Query(alias="to", description="when it was over")],
    what: Annotated[
        list[Breach] | None,
        Query(description="what came into wrong hands; none = keys and database", max_length=4),
    ] = None,
    found: Annotated[
        Moment | None, Query(description="when it was found: the term runs from it; none = now")
    ] = None,
    camera: Annotated[
        list[Named] | None, Query(description="with what=camera: only these", max_length=100)
    ] = None,
    account: Annotated[
        list[Label] | None, Query(description="with what=account: whose it is", max_length=100)
    ] = None,
) -> IncidentReport:
    """Say who is affected, in figures, who accessed what, and when the authority has to know.

    Times without an offset are the site's. That it was asked is in the audit. Letters, the notice
    and the sealed list of those affected are made on the server.
    """
    breaches = tuple(dict.fromkeys(what or (Breach.KEYS, Breach.DATABASE)))
    cameras, accounts = tuple(camera or ()), tuple(account or ())
    zone = clinic.zone
    asked = IncidentAsked(
        _at(begins, zone),
        _at(ends, zone),
        None if found is None else _at(found, zone),
        breaches,
        cameras,
        accounts,
    )
    if asked.begins >= asked.ends:
        raise _invalid("`to` is not after `from`")
    if (Breach.ACCOUNT in breaches) != bool(accounts):
        raise _invalid("`what=account` and `account` go together; give both or neither")
    if cameras and Breach.CAMERA not in breaches:
        raise _invalid("`camera` goes with `what=camera`; give both or neither")
    return await clinic.installation.incidents.report(asked, principal.actor)


def _at(moment: datetime, zone: tzinfo) -> datetime:
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)


def _invalid(detail: str) -> Problem:
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", detail)
