"""Judges a day: the verdict of every appointment and claim, and the rules of the day. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from config.settings import Reports
from streamer.domain.appointment import AppointmentStatus, Place
from streamer.domain.appointment_facts import AppointmentFacts
from streamer.domain.billed_service import BilledService, TimePrecision
from streamer.domain.claim_facts import ClaimFacts
from streamer.domain.coverage import Coverage, UnknownCause
from streamer.domain.judged_day import JudgedAppointment, JudgedClaim, JudgedDay
from streamer.domain.rule_code import RuleCode
from streamer.domain.rule_finding import RuleFinding
from streamer.domain.rule_summary import NotEvaluated, RuleSummary
from streamer.domain.verdict import Verdict, VerdictGrade
from streamer.domain.visit_day import VisitDay
from streamer.domain.visit_evidence import VisitEvidence
from streamer.reports.coverage import SiteUptime
from streamer.reports.premises import Premises
from streamer.reports.rules.all_rules import DAY_RULES
from streamer.reports.rules.claim_day import ClaimDay, RuledClaim
from streamer.reports.rules.exempt import Exemptions
from streamer.reports.rules.rule_log import RuleLog
from streamer.reports.verdicts import SAME_DAY_AFTER, Visit, plain_verdict, verdict_of

# Asked of every row, and in Python 3.11 naming a member takes longer than whatever is asked.
_SITE: Final = Place.SITE
_MEASURED: Final = TimePrecision.MEASURED

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
# What an appointment's verdict rests on where that is no evidence of the appointment itself.
_NOT_ITS_OWN: Final = frozenset({None, VerdictGrade.SAME_DAY})


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
        windows = _Windows(self._premises, self._uptime)
        appointments = tuple(
            self._appointment(one, facts, evidence, windows) for one in facts.appointments
        )
        claims = self._claims(facts, evidence, appointments)
        summaries, findings = self._rules(facts, claims, evidence.came_again())
        if findings:
            claims = tuple(
                msgspec.structs.replace(one, findings=tuple(found))
                if (found := findings.get(one.claim.service.claim_ref))
                else one
                for one in claims
            )
        return JudgedDay(facts.day, appointments, claims, summaries)

    def _appointment(
        self,
        one: AppointmentFacts,
        facts: VisitDay,
        evidence: "_Evidence",
        windows: "_Windows",
    ) -> JudgedAppointment:
        patient = facts.patients[one.patient_id]
        coverage = windows.coverage(one) if one.place is _SITE else None
        own = evidence.own(one)
        verdict = plain_verdict(own, one.practitioner_ref, one.former_refs, coverage)
        if verdict is None:
            visit = Visit(
                patient,
                one.practitioner_ref,
                one.starts_at,
                one.place,
                one.building,
                coverage,
                one.status,
                one.appointment_id in facts.unlooked,
                one.former_refs,
            )
            verdict = verdict_of(visit, own, evidence.of_patient(one.patient_id), self._uptime)
        return JudgedAppointment(one, patient, verdict, one.status in _TOOK_PLACE)

    def _claims(
        self, facts: VisitDay, evidence: "_Evidence", appointments: Sequence[JudgedAppointment]
    ) -> tuple[JudgedClaim, ...]:
        if not facts.claims:
            return ()
        today = {one.appointment.appointment_id: one for one in appointments}
        planned: dict[UUID, list[AppointmentFacts]] = {}
        for one in facts.appointments:
            if one.place is _SITE and one.status not in _NOT_LOOKED_FOR:
                planned.setdefault(one.patient_id, []).append(one)
        return tuple(
            self._claim(one, facts, evidence, today, planned.get(one.patient_id, ()))
            for one in facts.claims
        )

    def _claim(
        self,
        one: ClaimFacts,
        facts: VisitDay,
        evidence: "_Evidence",
        today: Mapping[UUID, JudgedAppointment],
        planned: Sequence[AppointmentFacts],
    ) -> JudgedClaim:
        patient = facts.patients[one.patient_id]
        judged = None if one.appointment_id is None else today.get(one.appointment_id)
        named = None if judged is None else judged.appointment
        # Of another day it says nothing about this one, and of another patient nothing at all.
        own = named if named is not None and named.patient_id == one.patient_id else None
        service = one.service
        place = service.place or (_SITE if own is None else own.place)
        if own is not None and judged is not None and place is _SITE:
            same = _same_verdict(service, judged, planned)
            if same is not None:
                return JudgedClaim(one, patient, named, same)
        # Of a typed time of day nothing is concluded: the day is all that is known.
        measured = service.time_precision is _MEASURED
        at, building, coverage = service.performed_at if measured else None, None, None
        pieces: Sequence[VisitEvidence] = () if own is None else evidence.own(own)
        missed = False
        if own is not None and own.status not in _NOT_LOOKED_FOR:
            assert judged is not None
            building, coverage = own.building, judged.verdict.coverage
            if not measured:
                at = own.starts_at
            missed = own.appointment_id in facts.unlooked
            if coverage is None:
                coverage = _Windows(self._premises, self._uptime).coverage(own)
        elif place is _SITE:
            coverage = self._without(service, planned, facts)
            missed = any(other.appointment_id in facts.unlooked for other in planned)
        visit = Visit(
            patient,
            service.practitioner_ref,
            at,
            place,
            building,
            coverage if place is _SITE else None,
            None,
            missed,
            tuple(
                ref for other in (own, *planned) if other is not None for ref in other.former_refs
            ),
        )
        verdict = verdict_of(visit, pieces, evidence.of_patient(one.patient_id), self._uptime)
        if named is None and one.appointment_id is not None:
            named = facts.elsewhere.get(one.appointment_id)
        return JudgedClaim(one, patient, named, verdict)

    def _without(
        self, service: BilledService, planned: Sequence[AppointmentFacts], facts: VisitDay
    ) -> Coverage:
        """Return what was covered for a service without an appointment of its own that day.

        Its patient was looked for on account of another one of the day, or not at all.
        """
        found = self._uptime.coverage(None, *self._while_looked_for(service, planned, facts))
        if found.cause is UnknownCause.NOT_KNOWN_THEN:
            return replace(found, cause=UnknownCause.NO_APPOINTMENT)
        return found

    def _while_looked_for(
        self, service: BilledService, planned: Sequence[AppointmentFacts], facts: VisitDay
    ) -> tuple[datetime, datetime, datetime | None]:
        """Return from when to when the patient may have come, and since when they were looked for.

        With a typed time that is the whole day that the site is open.
        """
        window = self._premises.window(service.performed_at)
        if not planned:
            return *window, window[1]
        first, last = planned[0].starts_at, planned[-1].starts_at
        if service.time_precision is not _MEASURED:
            hours = self._premises.open_on(facts.day)
            if hours is None:
                # Nobody can say when the day began and ended.
                return *window, window[1]
            window = (
                min(hours[0], first - self._premises.opens_before),
                max(hours[1], last + self._premises.closes_after),
            )
        since = first - self._premises.presence_before
        recorded = [other.recorded_at for other in planned if other.recorded_at is not None]
        if len(recorded) == len(planned):
            since = max(since, min(recorded))
        return *window, _later(since, window[0])

    def _rules(
        self, facts: VisitDay, claims: Sequence[JudgedClaim], came_again: frozenset[UUID]
    ) -> tuple[Mapping[RuleCode, RuleSummary], Mapping[str, list[RuleFinding]]]:
        day = ClaimDay(
            facts.day,
            tuple(self._ruled(one) for one in claims),
            self._premises,
            self._settings,
            facts.steps,
            came_again,
        )
        summaries: dict[RuleCode, RuleSummary] = {}
        findings: dict[str, list[RuleFinding]] = {}
        for code, find in DAY_RULES.items():
            log = RuleLog(code)
            if code.value in self._settings.rules_off:
                log.skipped(NotEvaluated.SWITCHED_OFF, len(claims))
            else:
                find(day, log)
            summaries[code] = log.summary()
            for one in log.findings:
                findings.setdefault(one.claim_ref, []).append(one)
        return summaries, findings

    def _ruled(self, one: JudgedClaim) -> RuledClaim:
        service, appointment = one.claim.service, one.appointment
        department = None if appointment is None else appointment.department
        place = service.place
        if place is None:
            place = _SITE if appointment is None else appointment.place
        return RuledClaim(
            one,
            place,
            department,
            service.time_precision is _MEASURED,
            self._exempt.cover(service.service_code, service.service_name, department),
        )


class _Windows:
    """Coverage of appointments' windows; those that begin together come one after the other."""

    def __init__(self, premises: Premises, uptime: SiteUptime) -> None:
        self._premises = premises
        self._uptime = uptime
        self._starts_at: datetime | None = None
        self._window: tuple[datetime, datetime] | None = None
        self._known: dict[str | None, Coverage] = {}

    def coverage(self, one: AppointmentFacts) -> Coverage:
        """Return what was covered while its patient would have come."""
        if self._window is None or one.starts_at != self._starts_at:
            self._starts_at = one.starts_at
            self._window = self._premises.window(one.starts_at)
            self._known = {}
        known_since = _later(one.recorded_at, self._window[0])
        if known_since is not None:
            return self._uptime.coverage(one.building, *self._window, known_since)
        found = self._known.get(one.building)
        if found is None:
            found = self._known[one.building] = self._uptime.coverage(one.building, *self._window)
        return found


class _Evidence:
    """A day's evidence by appointment and by patient.

    By the bytes of their ids: the hash of an id that was just read takes three times as long.
    """

    def __init__(self, facts: VisitDay, premises: Premises) -> None:
        self._day, self._day_of = facts.day, premises.day_of
        self._own: dict[bytes, list[VisitEvidence]] = {}
        self._of_patient: dict[bytes, list[VisitEvidence]] = {}
        for one in facts.evidence:
            if one.appointment_id is not None:
                self._own.setdefault(one.appointment_id.bytes, []).append(one)
            self._of_patient.setdefault(one.patient_id.bytes, []).append(one)

    def own(self, appointment: AppointmentFacts) -> Sequence[VisitEvidence]:
        """What is about this appointment, and its patient: another one may have had it before."""
        found = self._own.get(appointment.appointment_id.bytes)
        if found is None:
            return ()
        patient_id = appointment.patient_id
        if len(found) == 1:
            return found if found[0].patient_id == patient_id else ()
        return [one for one in found if one.patient_id == patient_id]

    def of_patient(self, patient_id: UUID) -> Sequence[VisitEvidence]:
        """Whatever a patient left on the day."""
        found = self._of_patient.get(patient_id.bytes)
        if found is None:
            return ()
        # Asked of each piece here, as few patients are asked about.
        return [one for one in found if self._day_of(one.occurred_at) == self._day]

    def came_again(self) -> frozenset[UUID]:
        """Patients whose last evidence of the day is beyond what their first one reaches."""
        found = set()
        for pieces in self._of_patient.values():
            if len(pieces) > 1:
                patient_id = pieces[0].patient_id
                moments = [one.occurred_at for one in self.of_patient(patient_id)]
                if moments and max(moments) - min(moments) > SAME_DAY_AFTER:
                    found.add(patient_id)
        return frozenset(found)


def _later(recorded_at: datetime | None, begin: datetime) -> datetime | None:
    """When it became known, if that was after the window had begun."""
    return recorded_at if recorded_at is not None and recorded_at > begin else None


def _same_verdict(
    service: BilledService, judged: JudgedAppointment, planned: Sequence[AppointmentFacts]
) -> Verdict | None:
    """Return the appointment's verdict where its claim, at the site too, can have no other.

    Evidence of the appointment itself comes before whatever else is asked, and the same people
    could have made it up. So it is with most claims; None = look at it.
    """
    own = judged.appointment
    if judged.verdict.grade in _NOT_ITS_OWN or own.status in _NOT_LOOKED_FOR:
        return None
    if service.practitioner_ref != own.practitioner_ref:
        return None
    for other in planned:
        if other.former_refs:
            return None
    return judged.verdict
