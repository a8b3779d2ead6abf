"""Turns judged appointments and claims into rows of a report. Pure; used by `report_part`."""

from collections.abc import Collection
from typing import Final

from streamer.domain.judged_day import JudgedAppointment, JudgedClaim
from streamer.domain.report.row import ReportRow, RowEvidence, RowKind
from streamer.domain.verdict import Verdict, VerdictKind
from streamer.reports.rules.weak_evidence import WEAK

# Asked of every row, and in Python 3.11 naming a member takes longer than whatever is asked.
_UNVERIFIED: Final = VerdictKind.UNVERIFIED
_APPOINTMENT: Final = RowKind.APPOINTMENT
_CLAIM: Final = RowKind.CLAIM

BILLED = "billed"
"""The status of a claim."""

Explained = Collection[tuple[RowKind, str]]
"""Which appointments and claims have an accepted answer, by kind and reference."""


def appointment_row(one: JudgedAppointment, explained: Explained) -> ReportRow:
    """Return an appointment's row."""
    given, patient, verdict = one.appointment, one.patient, one.verdict
    unverified = verdict.kind is _UNVERIFIED
    return ReportRow(
        _APPOINTMENT,
        given.appointment_ref,
        str(patient.patient_id),
        given.practitioner_ref,
        given.department,
        given.service_code,
        given.service_name,
        given.starts_at,
        str(given.status),
        verdict.kind,
        verdict.grade,
        verdict.cause,
        verdict.not_applicable,
        _evidence(verdict),
        verdict.own_evidence,
        _covered(verdict),
        patient.enrolled,
        patient.declined,
        unverified and (_APPOINTMENT, given.appointment_ref) in explained,
        one.took_place,
    )


def claim_row(one: JudgedClaim, explained: Explained) -> ReportRow:
    """Return a claim's row, as far as its own day says; see `report_part` for the rest."""
    service, patient, verdict = one.claim.service, one.patient, one.verdict
    return ReportRow(
        _CLAIM,
        service.claim_ref,
        str(patient.patient_id),
        service.practitioner_ref,
        None if one.appointment is None else one.appointment.department,
        service.service_code,
        service.service_name,
        service.performed_at,
        BILLED,
        verdict.kind,
        verdict.grade,
        verdict.cause,
        verdict.not_applicable,
        _evidence(verdict),
        verdict.own_evidence,
        _covered(verdict),
        patient.enrolled,
        patient.declined,
        _explained(one, explained) if explained else False,
        False,
        service.appointment_ref,
        service.amount,
        service.currency,
        service.time_precision == "measured",
        one.findings,
        bool(one.findings) and any(not found.code.information_only for found in one.findings),
    )


def _explained(one: JudgedClaim, explained: Explained) -> bool:
    """Is there an answer to what is said of the claim?

    Why nobody was seen may be said of its appointment: it is one visit. What a rule found is
    answered at the claim.
    """
    unverified = one.verdict.kind is _UNVERIFIED
    if (_CLAIM, one.claim.service.claim_ref) in explained:
        # What rests on weak evidence stands out once the whole period is counted, or not.
        return unverified or bool(one.findings) or one.verdict.grade in WEAK
    booked = one.appointment
    answered = booked is not None and (_APPOINTMENT, booked.appointment_ref) in explained
    return unverified and answered


def _evidence(verdict: Verdict) -> RowEvidence | None:
    one = verdict.evidence
    if one is None:
        return None
    place = one.camera_id or one.device_id
    return RowEvidence(one.source, one.source_id, one.grade, one.occurred_at, one.method, place)


def _covered(verdict: Verdict) -> float | None:
    """To a hundredth of a per cent: what is told needs no more."""
    coverage = verdict.coverage
    if coverage is None:
        return None
    # Most are whole, and rounding takes longer than asking.
    return coverage.share if coverage.share == 1.0 else round(coverage.share, 4)
