"""A report for whoever may count and know nobody: figures as they are, everybody a pseudonym. Pure.

As `web.pseudonymous` does for the day's rows: no reference, name, room or device is told.
"""

import dataclasses
from collections.abc import Iterable
from uuid import NAMESPACE_OID, UUID, uuid5

from msgspec.structs import replace

from streamer.crypto.pseudonyms import Pseudonyms
from streamer.domain.report.report import Group, Report
from streamer.domain.report.row import ReportRow, RowEvidence
from streamer.domain.report.scope import Scope
from streamer.domain.rule_finding import Parameter, RuleFinding

_WHO = frozenset({"practitioner", "booked"})
_APPOINTMENT = frozenset({"absent", "of_another"})
_WHERE = frozenset({"room", "booked_room"})
# Facts about the patient, by which somebody could be found elsewhere.
_OF_PATIENT = frozenset({"deceased_on", "attached_from", "attached_to", "years"})


class PseudonymousReport:
    """Makes such reports and rows."""

    def __init__(self, pseudonyms: Pseudonyms) -> None:
        """Keep what makes pseudonyms."""
        self._of = pseudonyms.of

    def report(self, report: Report) -> Report:
        """Return the report: practitioners under pseudonyms, without departments and call-backs."""
        return dataclasses.replace(
            report,
            departments=(),
            practitioners=tuple(self._group(one) for one in report.practitioners),
            rates=tuple(
                dataclasses.replace(
                    one, practitioner_ref=self._of("practitioner", one.practitioner_ref)
                )
                for one in report.rates
            ),
            call_backs=(),
        )

    def _group(self, group: Group) -> Group:
        value = self._of("practitioner", group.scope.value or "")
        return Group(Scope(group.scope.kind, value), None, group.figures)

    def rows(self, rows: Iterable[ReportRow]) -> tuple[ReportRow, ...]:
        """Return rows under pseudonyms."""
        return tuple(self._row(row) for row in rows)

    def _row(self, row: ReportRow) -> ReportRow:
        appointment = row.appointment_ref
        return replace(
            row,
            ref=self._of(row.kind.value, row.ref),
            patient_id=self._of("patient", row.patient_id),
            practitioner_ref=self._of("practitioner", row.practitioner_ref),
            department=None,
            service_code="",
            service_name="",
            evidence=None if row.evidence is None else self._evidence(row.evidence),
            appointment_ref=None if appointment is None else self._of("appointment", appointment),
            findings=tuple(self._finding(one) for one in row.findings),
        )

    def _evidence(self, evidence: RowEvidence) -> RowEvidence:
        return replace(evidence, source_id=self._id(evidence.source_id), place=None)

    def _id(self, known: UUID) -> UUID:
        return uuid5(NAMESPACE_OID, self._of("record", str(known)))

    def _finding(self, finding: RuleFinding) -> RuleFinding:
        said: dict[str, Parameter] = {}
        for name, value in finding.parameters.items():
            if name in _WHO:
                said[name] = self._of("practitioner", str(value))
            elif name in _APPOINTMENT:
                said[name] = self._of("appointment", str(value))
            elif name not in _WHERE | _OF_PATIENT:
                said[name] = value
        return RuleFinding(
            finding.code,
            self._id(finding.claim_id),
            self._of("claim", finding.claim_ref),
            said,
            tuple(self._of("claim", one) for one in finding.others),
        )
