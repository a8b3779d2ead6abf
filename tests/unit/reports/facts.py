"""A small site's facts, to be varied by tests. Times are given in hours of one day, the site's."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any
from uuid import NAMESPACE_OID, UUID, uuid5
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from config.settings import Reports
from streamer.domain.appointment import AppointmentStatus, Place
from streamer.domain.appointment_facts import AppointmentFacts
from streamer.domain.billed_service import BilledService, TimePrecision
from streamer.domain.camera_state import CameraStatus
from streamer.domain.check_in import EvidenceGrade
from streamer.domain.claim_facts import ClaimFacts
from streamer.domain.judged_day import JudgedClaim, JudgedDay
from streamer.domain.patient_facts import PatientFacts
from streamer.domain.screening_step import ScreeningStep
from streamer.domain.uptime_interval import UptimeInterval
from streamer.domain.visit_day import VisitDay
from streamer.domain.visit_evidence import EvidenceSource, VisitEvidence
from streamer.reports.coverage import SiteUptime
from streamer.reports.judge import Judge
from streamer.reports.premises import Entrance, Premises, opening_hours

ALMATY = ZoneInfo("Asia/Almaty")
DAY = date(2026, 11, 23)  # a Monday
STREAMING = CameraStatus.STREAMING
FRONT = Entrance("main", "front", frozenset({"lobby-1"}))
PREMISES = Premises(
    zone=ALMATY,
    buildings=("main",),
    entrances=(FRONT,),
    known_cameras=frozenset({"lobby-1", "lobby-2"}),
    code_desks=frozenset({"main"}),
    hours=opening_hours({"mon-sat": "08:00-20:00"}),
)


def at(hour: float, day: date = DAY) -> datetime:
    """An hour of the site's day, UTC."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=ALMATY)
    return (midnight + timedelta(hours=hour)).astimezone(UTC)


def number(name: str) -> UUID:
    return uuid5(NAMESPACE_OID, name)


def interval(
    begin: float, end: float, status: CameraStatus = STREAMING, camera: str = "lobby-1"
) -> UptimeInterval:
    return UptimeInterval(camera, status, "", at(begin), at(end))


ALL_DAY = (interval(0, 24),)


def uptime(
    intervals: Iterable[UptimeInterval] = ALL_DAY,
    premises: Premises = PREMISES,
    first_seen: Mapping[str, datetime] = MappingProxyType({}),
    as_of: float = 48,
) -> SiteUptime:
    return SiteUptime(premises, intervals, first_seen, at(as_of))


def patient(name: str = "P-1", **changed: Any) -> PatientFacts:
    usual = PatientFacts(number(name), name, enrolled=True, declined=False, code_only=False)
    return replace(usual, **changed)


def appointment(
    hour: float = 10, name: str = "A-1", who: str = "P-1", **changed: Any
) -> AppointmentFacts:
    usual = AppointmentFacts(
        number(name), name, number(who), "D-1", "Dr One", "S1", "Consultation", at(hour),
        AppointmentStatus.FULFILLED, "Therapy", "main", None, Place.SITE, at(-24),
    )  # fmt: skip
    return replace(usual, **changed)


def claim(
    hour: float = 10,
    name: str = "C-1",
    who: str = "P-1",
    of: str | None = "A-1",
    measured: bool = True,
    **changed: Any,
) -> ClaimFacts:
    service = BilledService(
        name, of, who, "D-1", "S1", "Consultation", at(hour), Decimal(1500), "KZT",
        TimePrecision.MEASURED if measured else TimePrecision.ENTERED,
    )  # fmt: skip
    service = replace(service, **changed)
    return ClaimFacts(
        number(name), service, number(who), None if of is None else number(of), "Dr One"
    )


def evidence(
    hour: float = 9.9,
    of: str | None = "A-1",
    who: str = "P-1",
    grade: EvidenceGrade = EvidenceGrade.FACE,
    **changed: Any,
) -> VisitEvidence:
    usual = VisitEvidence(
        EvidenceSource.CHECK_IN,
        number(f"{of} {who} {hour} {grade}"),
        number(who),
        None if of is None else number(of),
        grade,
        at(hour),
        "main",
    )
    return replace(usual, **changed)


def a_day(
    appointments: Iterable[AppointmentFacts] = (),
    claims: Iterable[ClaimFacts] = (),
    pieces: Iterable[VisitEvidence] = (),
    patients: Iterable[PatientFacts] = (),
    day: date = DAY,
    unlooked: Iterable[UUID] = (),
    elsewhere: Iterable[AppointmentFacts] = (),
    steps: Mapping[UUID, tuple[ScreeningStep, ...]] = MappingProxyType({}),
) -> VisitDay:
    booked = tuple(sorted(appointments, key=lambda one: one.starts_at))
    billed = tuple(sorted(claims, key=lambda one: one.service.performed_at))
    known = {one.patient_id: one for one in patients}
    for claimed in billed:
        known.setdefault(claimed.patient_id, patient(claimed.service.patient_ref))
    for one in booked:
        known.setdefault(one.patient_id, replace(patient(), patient_id=one.patient_id))
    return VisitDay(
        day,
        booked,
        billed,
        {one.appointment_id: one for one in elsewhere},
        tuple(pieces),
        known,
        frozenset(unlooked),
        steps,
    )


def judged(
    facts: VisitDay,
    settings: Reports | None = None,
    premises: Premises = PREMISES,
    covered: SiteUptime | None = None,
) -> JudgedDay:
    judge = Judge(premises, settings or Reports(), covered or uptime(premises=premises))
    return judge.day(facts)


def one_claim(day: JudgedDay, name: str = "C-1") -> JudgedClaim:
    found = day.claim(number(name))
    assert found is not None
    return found
