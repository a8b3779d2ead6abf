"""The demo's polyclinic: its settings, and its patients, appointments, enrolments and withdrawal.

Everything goes the way it goes in a real one: the same imports, enrolment and checks. Used by
`demo`.
"""

import asyncio
import secrets
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from pydantic import SecretStr

from config.settings import Camera, Match, Settings, Site, Web
from matcher.matcher import Matcher
from streamer.backend import Backend
from streamer.crypto.passwords import Passwords
from streamer.domain.account import NewAccount
from streamer.domain.actor import SERVICE
from streamer.domain.appointment import AppointmentStatus
from streamer.domain.booking import Booking
from streamer.domain.consent import (
    ConsentGiven,
    ConsentPurpose,
    IdentityCheck,
    Language,
)
from streamer.domain.patient import Patient
from streamer.domain.role import Role
from streamer.embedded.demo.cast import CAST, Member, Part
from streamer.embedded.demo.photographs import Person
from streamer.embedded.demo.portrait import enrolment_photos
from streamer.patients.consent_text import consent_text
from streamer.patients.enrolment import Enrolment, EnrolmentRules
from streamer.recognition import face_gate
from streamer.score_rules import ScoreRules

_SITE = Site(id="demo", name="Demo polyclinic")
_VISIT = timedelta(minutes=20)
# Of age: nobody else signs for themselves.
_BORN = date(1980, 1, 1)
_VISITOR = "demo"
# Not the roles that narrow what is seen: a practitioner's and an insurer's.
_ROLES = (
    Role.RECEPTION,
    Role.OPERATOR,
    Role.REVIEWER,
    Role.HEAD,
    Role.AUDITOR,
    Role.DPO,
    Role.ADMIN,
)


def demo_settings(camera_urls: Sequence[str] = ()) -> Settings:
    """The defaults, a site, and a camera for each address.

    Nothing recognition rests on is set; but nobody sits here to look at matches, and there are no
    patients to calibrate on: so matches arrive by themselves.
    """
    cameras = tuple(
        Camera(id=f"lobby-{number}", url=SecretStr(url))
        for number, url in enumerate(camera_urls, 1)
    )
    return Settings(site=_SITE, match=Match(auto_arrive="always"), web=Web(port=0), cameras=cameras)


def bookings(now: datetime) -> list[Booking]:
    """Today's appointments of the cast; their windows are open at `now` (aware, UTC)."""
    return [_booking(member, now) for member in CAST if member.starts_in_min is not None]


async def open_clinic(backend: Backend, now: datetime) -> None:
    """Import the patients and their appointments.

    Raises:
        KirdiError: They cannot be written.
    """
    refs = [member.patient_ref for member in CAST if member.patient_ref is not None]
    patients = [Patient(ref, f"Demo patient {ref}", birth_date=_BORN) for ref in refs]
    await backend.patients_import.run(patients, now)
    await backend.appointments_import.run(bookings(now), now)


async def enrol(
    member: Member,
    people: Sequence[Person],
    backend: Backend,
    matcher: Matcher,
    rules: ScoreRules,
    now: datetime,
) -> None:
    """Record the consent of one of the cast and enrol from two photos; who withdrew then does.

    Raises:
        KirdiError: The photos cannot be used, or nothing can be written.
        MatcherError: The matcher fails.
    """
    assert member.patient_ref is not None
    settings = backend.settings
    enrolment = Enrolment(
        matcher,
        face_gate(settings.quality),
        EnrolmentRules(
            settings.quality.warn_face_px,
            rules.scale.same_person_distance,
            rules.scale.max_distance,
        ),
        backend.enrolments,
        rules.compare,
    )
    purpose = ConsentPurpose.CHECK_IN
    given = ConsentGiven(
        patient_ref=member.patient_ref,
        purpose=purpose,
        document_ref=f"C-{member.patient_ref}",
        given_at=now,
        expires_at=now + timedelta(days=1),
        identity_check=IdentityCheck.KNOWN_TO_STAFF,
    )
    text = consent_text(purpose, Language.EN, settings.consent, settings.site.name)
    await backend.consents.record(given, text, SERVICE, now)
    photos = enrolment_photos(people[member.person])
    await enrolment.enrol(member.patient_ref, photos, given.document_ref, now, by=SERVICE)
    if member.part is Part.WITHDREW:
        await backend.consents.withdraw(member.patient_ref, (purpose,), SERVICE, now)


async def open_account(backend: Backend, now: datetime) -> tuple[str, str]:
    """Make an account for whoever wants to see the console; its name and a password of this run.

    Raises:
        DatabaseError: It cannot be written.
    """
    password = secrets.token_urlsafe(9)
    hasher = Passwords(backend.database.web_secrets.pepper)
    hashed = await asyncio.to_thread(hasher.hash, password)
    account = NewAccount(_VISITOR, _ROLES, cameras=None, password_hash=hashed)
    await backend.accounts.add(account, SERVICE, now)
    return _VISITOR, password


def _booking(member: Member, now: datetime) -> Booking:
    assert member.starts_in_min is not None
    assert member.patient_ref is not None
    starts_at = now.replace(second=0, microsecond=0) + timedelta(minutes=member.starts_in_min)
    return Booking(
        appointment_ref=str(member.appointment_ref),
        patient_ref=member.patient_ref,
        practitioner_ref="D-1",
        practitioner_name="Demo doctor",
        service_code="S-1",
        service_name="Consultation",
        starts_at=starts_at,
        ends_at=starts_at + _VISIT,
        status=AppointmentStatus.BOOKED,
    )
