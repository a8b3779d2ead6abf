"""A made-up period: whoever came, whoever did not, and what a report has to say of each.

Seeded, and the same everywhere. What is expected is worked out here from how things were made, not
by the code that is tested or measured.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Final
from uuid import UUID

from streamer.bench.reports.made_site import PREMISES, Outage, local, outages_of, uptime_of
from streamer.domain.appointment import AppointmentStatus, Place
from streamer.domain.appointment_facts import AppointmentFacts
from streamer.domain.billed_service import BilledService, TimePrecision
from streamer.domain.check_in import EvidenceGrade
from streamer.domain.claim_facts import ClaimFacts
from streamer.domain.coverage import UnknownCause
from streamer.domain.patient_facts import PatientFacts
from streamer.domain.rule_code import RuleCode
from streamer.domain.screening_step import ScreeningStep
from streamer.domain.uptime_interval import UptimeInterval
from streamer.domain.verdict import VerdictKind
from streamer.domain.visit_day import VisitDay
from streamer.domain.visit_evidence import EvidenceSource, VisitEvidence

WITHOUT_EVIDENCE: Final = 0.06
"""Share of honest visits that leave none, as the ministry's pilot found."""
PHANTOMS: Final = ("PH-1", "PH-2")
"""Practitioners who see nobody at all."""
CROOKED: Final = "CR-1"
"""Who sees patients, and bills others besides."""

_A_WINDOW_MIN: Final = 150.0
_TOLERATED_MIN: Final = 7.5


@dataclass(frozen=True, slots=True)
class Expected:
    """What is true of a claim or an appointment.

    Attributes:
        case: What it was planted for; `honest` otherwise.
        codes: The rules it has to stand out by, and no others; weak evidence apart.
        at_risk: By a rule, or by its practitioner's rate.
    """

    case: str
    kind: VerdictKind
    cause: UnknownCause | None = None
    codes: frozenset[RuleCode] = frozenset()
    at_risk: bool = False


@dataclass(slots=True)
class MadePeriod:
    """Everything that was made. Lists are in no order but that of their making."""

    days: tuple[date, ...]
    outages: tuple[Outage, ...]
    uptime: tuple[UptimeInterval, ...]
    patients: dict[UUID, PatientFacts] = field(default_factory=dict)
    appointments: list[AppointmentFacts] = field(default_factory=list)
    claims: list[ClaimFacts] = field(default_factory=list)
    evidence: list[VisitEvidence] = field(default_factory=list)
    unlooked: set[UUID] = field(default_factory=set)
    expected: dict[UUID, Expected] = field(default_factory=dict)
    """By claim and by appointment."""

    def visit_days(self) -> list[VisitDay]:
        """Return the facts day by day, as storage reads them."""
        zone = PREMISES.zone
        booked: dict[date, list[AppointmentFacts]] = {day: [] for day in self.days}
        billed: dict[date, list[ClaimFacts]] = {day: [] for day in self.days}
        seen: dict[date, list[VisitEvidence]] = {day: [] for day in self.days}
        for one in self.appointments:
            booked[one.starts_at.astimezone(zone).date()].append(one)
        for claim in self.claims:
            billed[claim.service.performed_at.astimezone(zone).date()].append(claim)
        for piece in self.evidence:
            seen[piece.occurred_at.astimezone(zone).date()].append(piece)
        steps = self._steps()
        found: list[VisitDay] = []
        for day in self.days:
            ids = {one.patient_id for one in booked[day]} | {one.patient_id for one in billed[day]}
            found.append(
                VisitDay(
                    day,
                    tuple(sorted(booked[day], key=lambda one: one.starts_at)),
                    tuple(sorted(billed[day], key=lambda one: one.service.performed_at)),
                    {},
                    tuple(seen[day]),
                    {one: self.patients[one] for one in ids},
                    frozenset(self.unlooked),
                    steps,
                )
            )
        return found

    def _steps(self) -> Mapping[UUID, tuple[ScreeningStep, ...]]:
        found: dict[UUID, tuple[ScreeningStep, ...]] = {}
        for one in self.claims:
            service = one.service
            if service.service_code.startswith("SC"):
                on = service.performed_at.astimezone(PREMISES.zone).date()
                step = ScreeningStep(service.service_code, on, service.claim_ref)
                found[one.patient_id] = (*found.get(one.patient_id, ()), step)
        return found


class Maker:
    """Makes visits; `planted_cases` does with it whatever is not honest.

    Attributes:
        working: Days on which the site is open.
        holiday: One on which it is not.
    """

    def __init__(self, first: date, days: int, seed: int) -> None:
        """Begin with an empty period of so many days, Sundays and a holiday among them."""
        self.draw = Random(seed)  # noqa: S311 - nothing secret
        all_days = tuple(first + timedelta(days=number) for number in range(days))
        open_days = [day for day in all_days if day.weekday() < 6]
        self.holiday = open_days.pop(len(open_days) // 2)
        self.working = tuple(open_days)
        outages = outages_of(self.working)
        begin, end = local(all_days[0], -48), local(all_days[-1], 72)
        self.period = MadePeriod(all_days, outages, uptime_of(begin, end, outages))
        self._numbers: dict[str, int] = {}

    def new_id(self) -> UUID:
        """Return a number nobody has."""
        return UUID(int=self.draw.getrandbits(128), version=4)

    def ref(self, letter: str) -> str:
        """Return the next reference of a kind."""
        self._numbers[letter] = self._numbers.get(letter, 0) + 1
        return f"{letter}-{self._numbers[letter]}"

    def patient(
        self,
        *,
        enrolled: bool = True,
        sex: str | None = None,
        birth_date: date | None = None,
        deceased_on: date | None = None,
        attached_to: date | None = None,
    ) -> PatientFacts:
        """Make a patient, attached since long ago."""
        made = PatientFacts(
            self.new_id(),
            self.ref("P"),
            enrolled=enrolled,
            declined=not enrolled and self.draw.random() < 0.1,
            code_only=False,
            deceased_on=deceased_on,
            attached_from=date(2015, 1, 1),
            attached_to=attached_to,
            sex=sex,
            birth_date=birth_date,
        )
        self.period.patients[made.patient_id] = made
        return made

    def appointment(
        self,
        who: PatientFacts,
        practitioner_ref: str,
        starts_at: datetime,
        expected: Expected,
        *,
        status: AppointmentStatus = AppointmentStatus.FULFILLED,
        place: Place = Place.SITE,
        building: str = "main",
        recorded_at: datetime | None = None,
    ) -> AppointmentFacts:
        """Book one."""
        made = AppointmentFacts(
            self.new_id(), self.ref("A"), who.patient_id, practitioner_ref,
            f"Dr {practitioner_ref}", "A02", "Consultation", starts_at, status,
            "Therapy" if building == "main" else "Dental", building, None, place,
            recorded_at or starts_at - timedelta(days=7),
        )  # fmt: skip
        self.period.appointments.append(made)
        self.period.expected[made.appointment_id] = expected
        return made

    def claim(
        self,
        who: PatientFacts,
        practitioner_ref: str,
        performed_at: datetime,
        expected: Expected,
        of: AppointmentFacts | None = None,
        *,
        measured: bool = True,
        code: str = "A02",
        name: str = "Consultation",
        place: Place | None = None,
    ) -> ClaimFacts:
        """Bill one."""
        service = BilledService(
            self.ref("C"), None if of is None else of.appointment_ref, who.patient_ref,
            practitioner_ref, code, name, performed_at,
            Decimal(self.draw.randrange(500, 20_000)), "KZT",
            TimePrecision.MEASURED if measured else TimePrecision.ENTERED, "fund",
            place=place,
        )  # fmt: skip
        made = ClaimFacts(
            self.new_id(), service, who.patient_id, None if of is None else of.appointment_id,
            f"Dr {practitioner_ref}",
        )  # fmt: skip
        self.period.claims.append(made)
        self.period.expected[made.claim_id] = expected
        return made

    def seen(
        self,
        who: PatientFacts,
        occurred_at: datetime,
        of: AppointmentFacts | None,
        grade: EvidenceGrade,
        *,
        source: EvidenceSource = EvidenceSource.CHECK_IN,
        building: str = "main",
        produced_by: tuple[str, ...] = (),
    ) -> VisitEvidence:
        """Leave evidence."""
        face = grade is EvidenceGrade.FACE and source is not EvidenceSource.CONFIRMATION
        camera = "lobby-1" if building == "main" else "annex-1"
        made = VisitEvidence(
            source, self.new_id(), who.patient_id, None if of is None else of.appointment_id, grade,
            occurred_at, building, camera if face else None, None, produced_by,
        )  # fmt: skip
        self.period.evidence.append(made)
        return made

    def without(
        self, starts_at: datetime, building: str | None = "main"
    ) -> tuple[VerdictKind, UnknownCause | None]:
        """Say what is true of a visit without evidence: was anybody looking all the time?"""
        begin, end = starts_at - timedelta(minutes=120), starts_at + timedelta(minutes=30)
        parts = [(one.minutes_of(begin, end), one.cause) for one in self.period.outages]
        hidden, cause = max(parts, default=(0.0, UnknownCause.CAMERA_DOWN))
        if building != "main":
            # The side door hides all but what the service itself was down for.
            down = sum(minutes for minutes, why in parts if why is UnknownCause.SERVICE_DOWN)
            more = down >= _A_WINDOW_MIN - down
            return VerdictKind.UNKNOWN, (
                UnknownCause.SERVICE_DOWN if more else UnknownCause.OUTSIDE_COVERAGE
            )
        if hidden > _TOLERATED_MIN:
            return VerdictKind.UNKNOWN, cause
        return VerdictKind.UNVERIFIED, None


def honest_visits(maker: Maker, appointments: int) -> None:
    """Fill the working days with visits as they happen, nobody at fault."""
    per_day = max(1, appointments // len(maker.working))
    doctors = [f"D-{number}" for number in range(max(4, per_day // 18))]
    people = [
        maker.patient(enrolled=maker.draw.random() < 0.6) for _ in range(max(per_day * 10, 1_000))
    ]
    left = appointments
    for place, day in enumerate(maker.working):
        today = left // (len(maker.working) - place)
        left -= today
        comers = maker.draw.sample(people, today)
        for number, who in enumerate(comers):
            doctor, slot = doctors[number % len(doctors)], number // len(doctors)
            # Some work from the morning on, some until the evening.
            hour = 8.25 + slot / 3 + (4 if number % len(doctors) % 2 else 0)
            _honest(maker, who, doctor, local(day, hour), number)


def _honest(maker: Maker, who: PatientFacts, doctor: str, starts_at: datetime, number: int) -> None:
    draw = maker.draw
    building = "annex" if number % 19 == 0 else "main"
    lot = draw.random()
    if lot < 0.11:
        _no_visit_here(maker, who, doctor, starts_at, lot)
        return
    late = draw.random() < 0.01
    pieces = [] if late else _left(maker, who, starts_at, building)
    if pieces:
        expected = Expected("honest", VerdictKind.VERIFIED)
    elif late:
        expected = Expected("late", VerdictKind.UNKNOWN, UnknownCause.NOT_KNOWN_THEN)
    else:
        expected = Expected("honest", *maker.without(starts_at, building))
    booked = maker.appointment(
        who,
        doctor,
        starts_at,
        expected,
        building=building,
        recorded_at=starts_at + timedelta(hours=2) if late else None,
    )
    for at, grade, source in pieces:
        maker.seen(who, at, booked, grade, source=source, building=building)
    measured = draw.random() < 0.7
    at = starts_at + timedelta(minutes=draw.randrange(1, 5))
    if not measured:
        at = local(starts_at.astimezone(PREMISES.zone).date(), 21)
    maker.claim(who, doctor, at, expected, booked, measured=measured)
    if draw.random() < 0.08 and building == "main":
        after = starts_at + timedelta(minutes=40)
        # Where in the house it was given the claim does not say: every door counts.
        beside = expected if pieces else Expected("honest", *maker.without(after, None))
        if late:
            beside = Expected("late", VerdictKind.UNKNOWN, UnknownCause.NO_APPOINTMENT)
        maker.claim(
            who, f"LAB-{number % 3}", after, beside, code="B03", name="Laboratory: blood count"
        )


def _no_visit_here(
    maker: Maker, who: PatientFacts, doctor: str, starts_at: datetime, lot: float
) -> None:
    none = Expected("honest", VerdictKind.NOT_APPLICABLE)
    if lot < 0.06:
        maker.appointment(who, doctor, starts_at, none, status=AppointmentStatus.NOSHOW)
    elif lot < 0.09:
        maker.appointment(who, doctor, starts_at, none, status=AppointmentStatus.CANCELLED)
    else:
        place = Place.HOME if lot < 0.1 else Place.REMOTE
        booked = maker.appointment(who, doctor, starts_at, none, place=place)
        maker.claim(who, doctor, starts_at + timedelta(minutes=3), none, booked)


def _left(
    maker: Maker, who: PatientFacts, starts_at: datetime, building: str
) -> Sequence[tuple[datetime, EvidenceGrade, EvidenceSource]]:
    """Say what somebody who came has left, and when."""
    draw = maker.draw
    if draw.random() < WITHOUT_EVIDENCE:
        return ()
    at = starts_at - timedelta(minutes=draw.randrange(2, 60))
    source = EvidenceSource.CHECK_IN
    if draw.random() < 0.02:
        at, source = starts_at + timedelta(minutes=draw.randrange(32, 50)), EvidenceSource.PRESENCE
    grades = (
        ((EvidenceGrade.FACE, 0.92), (EvidenceGrade.CODE, 0.04), (EvidenceGrade.DESK_CODE, 0.02))
        if who.enrolled
        else ((EvidenceGrade.CODE, 0.7), (EvidenceGrade.EGOV, 0.15), (EvidenceGrade.DESK_CODE, 0.1))
    )
    lot, grade = draw.random(), EvidenceGrade.MANUAL
    for one, share in grades:
        if lot < share:
            grade = one
            break
        lot -= share
    if draw.random() < 0.02:
        return ((at, EvidenceGrade.FACE, EvidenceSource.CONFIRMATION),)
    if building == "main":
        for outage in maker.period.outages:
            down = outage.cause is UnknownCause.SERVICE_DOWN
            if outage.begin <= at < outage.end and (down or grade is EvidenceGrade.FACE):
                return ()
    return ((at, grade, source),)
