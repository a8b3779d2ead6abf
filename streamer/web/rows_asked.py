"""Which rows of a report a page is asked for, in its address. Used by `pages/reports`."""

from dataclasses import fields
from datetime import date
from enum import Enum
from typing import Annotated, Final

from fastapi import Depends, Query

from streamer.domain.check_in import Method
from streamer.domain.coverage import UnknownCause
from streamer.domain.report.row import RowKind
from streamer.domain.report.rows_wanted import RowsWanted
from streamer.domain.rule_code import RuleCode
from streamer.domain.verdict import NotApplicable, VerdictGrade, VerdictKind
from streamer.web.fields import BLANK_IS_NONE, Day, Reference

# A part of a report has its own names there: `practitioner`, `department`.
_NOT_HERE: Final = frozenset({"scope"})


def rows_asked(
    day: Annotated[Day | None, BLANK_IS_NONE, Query()] = None,
    kind: Annotated[RowKind | None, BLANK_IS_NONE, Query()] = None,
    ref: Annotated[Reference | None, Query(description="this row only, with its evidence")] = None,
    verdict: Annotated[VerdictKind | None, BLANK_IS_NONE, Query()] = None,
    grade: Annotated[VerdictGrade | None, Query()] = None,
    cause: Annotated[UnknownCause | None, Query()] = None,
    reason: Annotated[NotApplicable | None, Query()] = None,
    method: Annotated[Method | None, Query()] = None,
    rule: Annotated[RuleCode | None, Query()] = None,
    status: Annotated[str | None, Query(pattern=r"^[a-z-]{1,32}$")] = None,
    took_place: Annotated[bool, Query()] = False,
    explained: Annotated[bool, Query()] = False,
    own_evidence: Annotated[bool, Query()] = False,
    certain: Annotated[bool, Query()] = False,
    estimated: Annotated[bool, Query()] = False,
    at_risk: Annotated[bool, Query()] = False,
) -> RowsWanted:
    """Return them; a dependency."""
    return RowsWanted(
        day=day,
        kind=kind,
        ref=ref,
        verdict=verdict,
        grade=grade,
        cause=cause,
        reason=reason,
        method=method,
        rule=rule,
        status=status,
        took_place=took_place,
        explained=explained,
        own_evidence=own_evidence,
        certain=certain,
        estimated=estimated,
        at_risk=at_risk,
    )


RowsAsked = Annotated[RowsWanted, Depends(rows_asked)]


def query_of(wanted: RowsWanted) -> dict[str, str]:
    """Return what `rows_asked` reads, for an address; what is not asked for is left out."""
    found: dict[str, str] = {}
    for one in fields(wanted):
        value = getattr(wanted, one.name)
        if one.name in _NOT_HERE or value is None or value is False:
            continue
        if isinstance(value, date):
            found[one.name] = value.isoformat()
        elif value is True:
            found[one.name] = "true"
        else:
            found[one.name] = str(value.value if isinstance(value, Enum) else value)
    return found
