"""Which report somebody asks for, and how much of it is theirs to see. Used by routes and pages."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query

from streamer.domain.asked_for import AskedFor
from streamer.domain.report.scope import WHOLE_SITE, Scope, ScopeKind
from streamer.web.fields import Label, Reference
from streamer.web.permissions import Permission
from streamer.web.principal import Principal
from streamer.web.problem import not_found
from streamer.web.report_ports import ReportAsked
from streamer.web.require import require
from streamer.web.row_scope import RowScope, row_scope
from streamer.web.sight import refuse_telling_filters

ReportReader = Annotated[Principal, require(Permission.REPORTS_READ)]


class PartAsked:
    """A dependency: the query's `revision`, `department` and `practitioner`."""

    def __init__(
        self,
        revision: Annotated[
            int | None, Query(ge=1, le=100_000, description="none = the newest")
        ] = None,
        department: Annotated[
            Label | None, Query(description="its part of the report; as appointments name it")
        ] = None,
        practitioner: Annotated[
            Reference | None, Query(description="their part of the report")
        ] = None,
    ) -> None:
        """See FastAPI's dependencies."""
        self.number = revision
        self.department = department
        self.practitioner = practitioner

    def of(self, report_id: UUID, principal: Principal) -> ReportAsked:
        """Return what this person is shown.

        A practitioner is shown their own part and no other; whoever is shown pseudonyms, the whole.

        Raises:
            Problem: It is somebody else's, or a pseudonym would be undone by the answer.
        """
        permission = Permission.REPORTS_READ
        refuse_telling_filters(principal, permission, self.department, self.practitioner)
        sight = row_scope(principal, permission)
        if sight is RowScope.PSEUDONYMS:
            return ReportAsked(report_id, self.number, pseudonymous=True)
        if sight is RowScope.ALL:
            return ReportAsked(report_id, self.number, self._scope())
        own = principal.practitioner_refs
        wanted = self.practitioner or (min(own) if own else "")
        if sight is not RowScope.OWN or wanted not in own:
            asked = AskedFor("Practitioner", wanted) if wanted else None
            raise not_found("report", asked)
        if self.department is not None:
            raise not_found("report")
        scope = Scope(ScopeKind.PRACTITIONER, wanted)
        return ReportAsked(report_id, self.number, scope, own=True)

    def _scope(self) -> Scope:
        if self.practitioner is not None:
            return Scope(ScopeKind.PRACTITIONER, self.practitioner)
        if self.department is not None:
            return Scope(ScopeKind.DEPARTMENT, self.department)
        return WHOLE_SITE


Part = Annotated[PartAsked, Depends(PartAsked)]


def sees_all(principal: Principal) -> bool:
    """May this person be told figures of the whole site, and who made a report?"""
    return row_scope(principal, Permission.REPORTS_READ) is RowScope.ALL
