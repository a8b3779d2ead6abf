"""Presences: written once, under a consent, never of somebody who is blocked."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

from streamer.domain.check_in import EvidenceGrade, Method, Recorded
from streamer.domain.presence import Presence, PresenceFlag, presence_id
from streamer.storage.presences import PostgresPresences
from tests.integration.storage.clinic import NOW, PACK, SITE, ZONE, Clinic, booking


def _presences(clinic: Clinic) -> PostgresPresences:
    return PostgresPresences(clinic.database.postgres, clinic.clock, ZONE)


async def _presence(clinic: Clinic, number: int) -> Presence:
    appointment_id, patient_id = await clinic.ids(number)
    flag, method = PresenceFlag.EARLY, Method.FACE
    return Presence(
        presence_id(patient_id, appointment_id, flag, method, "lobby-1", NOW),
        SITE.id,
        patient_id,
        appointment_id,
        flag,
        method,
        EvidenceGrade.FACE,
        NOW,
        "main",
        "lobby-1",
        score=4.5,
        threshold=4.0,
        pack_id=PACK,
    )


async def test_however_often_it_is_one(clinic: Clinic) -> None:
    await clinic.expect(1)
    presence = await _presence(clinic, 1)
    results = await asyncio.gather(*(_presences(clinic).record(presence) for _ in range(10)))
    assert sorted(results) == [Recorded.DUPLICATE] * 9 + [Recorded.WRITTEN]
    row = await clinic.row("SELECT flag, method, building, camera_id, score FROM presences")
    assert row == ("early", "face", "main", "lobby-1", 4.5)
    assert [one.status for one in await clinic.appointments()] == ["booked"]


async def test_ten_minutes_before_one_camera_are_one_sighting() -> None:
    patient, visit = uuid4(), uuid4()

    def of(minutes: float, place: str = "lobby-1") -> object:
        at = NOW + timedelta(minutes=minutes)
        return presence_id(patient, visit, PresenceFlag.AGAIN, Method.FACE, place, at)

    assert of(0) == of(9.9)
    assert len({of(0), of(10), of(0, "lobby-2")}) == 3


async def test_without_consent_a_face_leaves_nothing_and_a_code_does(clinic: Clinic) -> None:
    await clinic.expect(1)
    presence = await _presence(clinic, 1)
    await clinic.withdraw(1)
    assert await _presences(clinic).record(presence) is Recorded.REFUSED_CONSENT
    coded = replace(presence, method=Method.CODE, evidence=EvidenceGrade.CODE)
    assert await _presences(clinic).record(coded) is Recorded.WRITTEN


async def test_a_blocked_face_leaves_nothing(clinic: Clinic) -> None:
    await clinic.expect(1)
    presence = await _presence(clinic, 1)
    await clinic.execute(
        "INSERT INTO face_blocks VALUES ($1, '2026-11-23', 'test-1', NULL, $2, 'x')",
        *(presence.patient_id, NOW),
    )
    assert await _presences(clinic).record(presence) is Recorded.REFUSED_BLOCKED
    assert await clinic.count("presences") == 0


async def test_what_does_not_belong_together(clinic: Clinic) -> None:
    await clinic.expect(1)
    await clinic.import_bookings(booking(2, patient_number=1))
    presence = await _presence(clinic, 1)
    for wrong in (
        replace(presence, patient_id=uuid4()),
        replace(presence, appointment_id=uuid4()),
        replace(presence, site_id="another"),
    ):
        assert await _presences(clinic).record(wrong) is Recorded.REFUSED_UNKNOWN
    for flag in (PresenceFlag.UNBOOKED, PresenceFlag.OTHER_BUILDING):
        of_none = replace(presence, presence_id=uuid4(), appointment_id=None, flag=flag)
        assert await _presences(clinic).record(of_none) is Recorded.WRITTEN
