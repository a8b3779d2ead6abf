"""Judges a day: the verdict of every appointment and claim, and the rules of the day. Pure."""

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from config.settings import Reports
from streamer.domain.appointment import AppointmentStatus, Place
from streamer.domain.appointment_facts import AppointmentFacts
from streamer.domain.billed_service import TimePrecision
from streamer.domain.claim_facts import ClaimFacts
from streamer.domain.judged_day import JudgedAppointment, JudgedClaim, JudgedDay
from streamer.domain.rule_code import RuleCode
from streamer.domain.rule_finding import RuleFinding
from streamer.domain.rule_summary import NotEvaluated, RuleSummary
from streamer.domain.visit_day import VisitDay
from streamer.domain.visit_evidence import VisitEvidence
from streamer.reports.coverage import SiteUptime
from streamer.reports.premises import Premises
from streamer.reports.rules.all_rules import DAY_RULES
from streamer.reports.rules.claim_day import ClaimDay, RuledClaim
from streamer.reports.rules.exempt import Exemptions
from streamer.reports.rules.rule_log import RuleLog
from streamer.reports.verdicts import Visit, verdict_of

# The clinic says that there was a visit.
_TOOK_PLACE: Final = frozenset(
    {AppointmentStatus.ARRIVED, AppointmentStatus.CHECKED_IN, AppointmentStatus.FULFILLED}
)
# Nobody looks for a patient on account of these.
_NOT_LOOKED_FOR: Final = frozenset(
    {
        AppointmentStatus.CANCELLED,
        AppointmentStatus.ENTERED_IN_ERROR,
        AppointmentStatus.PROPOSED,
        AppointmentStatus.WAITLIST,
    }
)


class Judge:
    """Of one site and one period; days may come in any order."""

    def __init__(self, premises: Premises, settings: Reports, uptime: SiteUptime) -> None:
        """Keep the collaborators.

        Args:
            premises: The site.
            settings: Of reports.
            uptime: Of at least the period's days, and the windows around them.
        """
        self._premises = premises
        self._settings = settings
        self._uptime = uptime
        self._exempt = Exemptions(settings.exempt)

    def day(self, facts: VisitDay) -> JudgedDay:
        """Return everything about a day."""
        evidence = _Evidence(facts, self._premises)
        today = {one.appointment_id: one for one in facts.appointments}
        appointments = tuple(self._appointment(one, facts, evidence) for one in facts.appointments)
        planned: dict[UUID, list[AppointmentFacts]] = {}
        for one in facts.appointments:
            if one.place is Place.SITE and one.status not in _NOT_LOOKED_FOR:
                planned.setdefault(one.patient_id, []).append(one)
        claims = tuple(
            self._claim(one, facts, evidence, today, planned.get(one.patient_id, ()))
            for one in facts.claims
        )
        summaries, findings = self._rules(facts, claims)
        if findings:
            claims = tuple(
                dataclasses.replace(one, findings=tuple(findings[one.claim.claim_id]))
                if one.claim.claim_id in findings
                else one
                for one in claims
            )
        return JudgedDay(facts.day, appointments, claims, summaries)

    def _appointment(
        self, one: AppointmentFacts, facts: VisitDay, evidence: "_Evidence"
    ) -> JudgedAppointment:
        patient = facts.patients[one.patient_id]
        window = self._premises.window(one.starts_at)
        visit = Visit(
            patient=patient,
            biller=one.practitioner_ref,
            at=one.starts_at,
            place=one.place,
            building=one.building,
            window=window,
            known_since=_later(one.recorded_at, window[0]),
            status=one.status,
            nobody_looked=one.appointment_id in facts.unlooked,
        )
        verdict = verdict_of(
            visit, evidence.own(one), evidence.of_patient(one.patient_id), self._uptime
        )
        return JudgedAppointment(one, patient, verdict, one.status in _TOOK_PLACE)

    def _claim(
        self,
        one: ClaimFacts,
        facts: VisitDay,
        evidence: "_Evidence",
        today: Mapping[UUID, AppointmentFacts],
        planned: Sequence[AppointmentFacts],
    ) -> JudgedClaim:
        patient = facts.patients[one.patient_id]
        named = None if one.appointment_id is None else today.get(one.appointment_id)
        # Of another day it says nothing about this one, and of another patient nothing at all.
        own = named if named is not None and named.patient_id == one.patient_id else None
        pieces = () if own is None else evidence.own(own)
        if own is not None and own.status not in _NOT_LOOKED_FOR:
            visit = self._at_appointment(one, own, facts)
        else:
            visit = self._without(one, own, planned, facts)
        verdict = verdict_of(visit, pieces, evidence.of_patient(one.patient_id), self._uptime)
        appointment = named
        if appointment is None and one.appointment_id is not None:
            appointment = facts.elsewhere.get(one.appointment_id)
        return JudgedClaim(one, patient, appointment, verdict)

    def _at_appointment(self, one: ClaimFacts, own: AppointmentFacts, facts: VisitDay) -> Visit:
        service = one.service
        window = self._premises.window(own.starts_at)
        measured = service.time_precision is TimePrecision.MEASURED
        return Visit(
            patient=facts.patients[one.patient_id],
            biller=service.practitioner_ref,
            at=service.performed_at if measured else own.starts_at,
            place=service.place or own.place,
            building=own.building,
            window=window,
            known_since=_later(own.recorded_at, window[0]),
            status=None,
            nobody_looked=own.appointment_id in facts.unlooked,
        )

    def _without(
        self,
        one: ClaimFacts,
        own: AppointmentFacts | None,
        planned: Sequence[AppointmentFacts],
        facts: VisitDay,
    ) -> Visit:
        """Ask about a service without an appointment that day, or with one that was called off.

        Its patient was looked for on account of another one of the day, or not at all.
        """
        service = one.service
        window = self._premises.window(service.performed_at)
        known_since: datetime | None = window[1]
        if planned:
            first, last = planned[0].starts_at, planned[-1].starts_at
            if service.time_precision is not TimePrecision.MEASURED:
                # It may have been at any time at which the patient could be seen.
                closing = self._premises.closing(facts.day)
                until = last + self._premises.presence_after if closing is None else closing
                begin = first - self._premises.opens_before
                window = (begin, max(until, last + self._premises.closes_after))
            since = first - self._premises.presence_before
            recorded = [other.recorded_at for other in planned if other.recorded_at is not None]
            if len(recorded) == len(planned):
                since = max(since, min(recorded))
            known_since = _later(since, window[0])
        return Visit(
            patient=facts.patients[one.patient_id],
            biller=service.practitioner_ref,
            at=service.performed_at,
            place=service.place or (Place.SITE if own is None else own.place),
            building=None,
            window=window,
            known_since=known_since,
            status=None,
            nobody_looked=any(other.appointment_id in facts.unlooked for other in planned),
        )

    def _rules(
        self, facts: VisitDay, claims: Sequence[JudgedClaim]
    ) -> tuple[Mapping[RuleCode, RuleSummary], Mapping[UUID, list[RuleFinding]]]:
        day = ClaimDay(
            facts.day,
            tuple(self._ruled(one) for one in claims),
            self._premises,
            self._settings,
            facts.steps,
        )
        summaries: dict[RuleCode, RuleSummary] = {}
        findings: dict[UUID, list[RuleFinding]] = {}
        for code, find in DAY_RULES.items():
            log = RuleLog(code)
            if code.value in self._settings.rules_off:
                log.skipped(NotEvaluated.SWITCHED_OFF, len(claims))
            else:
                find(day, log)
            summaries[code] = log.summary()
            for one in log.findings:
                findings.setdefault(one.claim_id, []).append(one)
        return summaries, findings

    def _ruled(self, one: JudgedClaim) -> RuledClaim:
        service, appointment = one.claim.service, one.appointment
        department = None if appointment is None else appointment.department
        place = service.place
        if place is None:
            place = Place.SITE if appointment is None else appointment.place
        return RuledClaim(
            one,
            place,
            department,
            service.time_precision is TimePrecision.MEASURED,
            self._exempt.cover(service.service_code, service.service_name, department),
        )


class _Evidence:
    """A day's evidence by appointment and by patient."""

    def __init__(self, facts: VisitDay, premises: Premises) -> None:
        self._own: dict[UUID, list[VisitEvidence]] = {}
        self._of_patient: dict[UUID, list[VisitEvidence]] = {}
        for one in facts.evidence:
            if one.appointment_id is not None:
                self._own.setdefault(one.appointment_id, []).append(one)
            if premises.day_of(one.occurred_at) == facts.day:
                self._of_patient.setdefault(one.patient_id, []).append(one)

    def own(self, appointment: AppointmentFacts) -> Sequence[VisitEvidence]:
        """What is about this appointment, and its patient: another one may have had it before."""
        found = self._own.get(appointment.appointment_id)
        if found is None:
            return ()
        patient_id = appointment.patient_id
        return [one for one in found if one.patient_id == patient_id]

    def of_patient(self, patient_id: UUID) -> Sequence[VisitEvidence]:
        """Whatever a patient left on the day."""
        return self._of_patient.get(patient_id, ())


def _later(recorded_at: datetime | None, begin: datetime) -> datetime | None:
    """When it became known, if that was after the window had begun."""
    return recorded_at if recorded_at is not None and recorded_at > begin else None
