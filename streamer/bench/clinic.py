"""The benchmark's throwaway clinic: a site per measurement, its patients, their appointments."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final

from config.settings import Settings
from matcher.face import Vector
from matcher.session import Hardware
from streamer.backend import open_backend
from streamer.bench.cast import Cast
from streamer.clock import Clock
from streamer.domain.actor import SERVICE
from streamer.domain.appointment import AppointmentStatus
from streamer.domain.booking import Booking
from streamer.domain.consent import (
    ConsentGiven,
    ConsentPurpose,
    ConsentText,
    IdentityCheck,
    Language,
)
from streamer.domain.patient import Patient

# Each recognisable person comes to a new appointment so often.
ANEW_EVERY_S: Final = 5.0
_VISIT: Final = timedelta(minutes=20)
# Of age: nobody else signs for themselves.
_BORN: Final = date(1980, 1, 1)
_TEXT: Final = ConsentText(ConsentPurpose.CHECK_IN, 1, Language.EN, "Nobody has read this.")


def settings_document(
    site: str, addresses: Sequence[str], analyse_fps: float, hardware: Hardware
) -> dict[str, object]:
    """Settings as their file would hold them; nothing that recognition rests on is changed.

    Nobody looks at matches here: they arrive by themselves.

    Windows open at the very start of an appointment, so that appointments can open one by one while
    the measurement goes on.
    """
    return {
        "site": {"id": site, "name": "Benchmark"},
        "models": {"device": hardware.device, "threads": hardware.threads},
        "match": {"auto_arrive": "always"},
        # Recognised from when they can arrive on: who is known before is proposed once a minute
        # only, and latency would be counted from there.
        "arrival": {
            "opens_before_min": 0,
            "closes_after_min": 120,
            "presence_before_min": 0,
            "presence_after_min": 120,
        },
        "cameras": [
            {"id": f"camera-{number}", "url": address, "analyse_fps": analyse_fps}
            for number, address in enumerate(addresses, 1)
        ],
    }


async def people_the_clinic(
    settings: Settings, home: Path, clock: Clock, cast: Cast, pack_id: str, seconds: float
) -> None:
    """Write patients, consents, templates and appointments for a measurement that begins now.

    Args:
        settings: Of the measured service.
        home: The throwaway home.
        clock: Wall time.
        cast: Who is in the clip, and who is not.
        pack_id: The templates' model pack.
        seconds: For how long new appointments go on opening.
    """
    now = clock.now()
    vectors = dict(_named(cast))
    actors = [f"P-{number}" for number in range(len(cast.templates))]
    bookings = [_booking(f"{ref}-0", ref, now) for ref in vectors]
    for place, ref in enumerate(actors):
        bookings += _anew(ref, now, place / max(1, len(actors)), seconds)
    async with open_backend(settings, home, clock) as backend:
        people = [Patient(ref, "Nobody", birth_date=_BORN) for ref in vectors]
        await backend.patients_import.run(people, now)
        for ref, vector in vectors.items():
            await backend.consents.record(_consent(ref, now), _TEXT, SERVICE, now)
            await backend.enrolments.save(ref, "bench", vector, pack_id, 1, now, by=SERVICE)
        await backend.appointments_import.run(bookings, now)


def _named(cast: Cast) -> Iterator[tuple[str, Vector]]:
    yield from ((f"P-{number}", vector) for number, vector in enumerate(cast.templates))
    yield from ((f"S-{number}", vector) for number, vector in enumerate(cast.strangers))


def _anew(ref: str, now: datetime, share: float, seconds: float) -> Iterator[Booking]:
    """One appointment after another, people taking turns."""
    count = int(seconds / ANEW_EVERY_S)
    for number in range(1, count + 1):
        opens = now + timedelta(seconds=(number + share) * ANEW_EVERY_S)
        yield _booking(f"{ref}-{number}", ref, opens)


def _consent(ref: str, now: datetime) -> ConsentGiven:
    return ConsentGiven(
        patient_ref=ref,
        purpose=ConsentPurpose.CHECK_IN,
        document_ref="bench",
        given_at=now,
        expires_at=now + timedelta(days=1),
        identity_check=IdentityCheck.KNOWN_TO_STAFF,
    )


def _booking(ref: str, patient_ref: str, starts_at: datetime) -> Booking:
    return Booking(
        appointment_ref=ref,
        patient_ref=patient_ref,
        practitioner_ref="D-1",
        practitioner_name="Nobody",
        service_code="B",
        service_name="Benchmark",
        starts_at=starts_at,
        ends_at=starts_at + _VISIT,
        status=AppointmentStatus.BOOKED,
    )
