"""Two transactions that cross each other finish, both of them: see docs/design/0030.

Each begins, stops in the middle, lets the other one run until it waits, and goes on.
"""

import asyncio
from typing import Any
from uuid import UUID, uuid4

from streamer.domain.actor import Actor
from streamer.domain.check_in import CheckIn, EvidenceGrade, Method, Recorded
from streamer.domain.claim import DigitsShown
from streamer.domain.presence import Presence, PresenceFlag
from streamer.storage.erased_references import ErasedReferences
from streamer.storage.patient_erasure import PatientErasure
from streamer.storage.queries import sql
from tests.integration.storage.acts import undo_of
from tests.integration.storage.clinic import NOW, SITE, Clinic
from tests.integration.storage.counter import Counter
from tests.integration.storage.old_data import DAYS

RECEPTION = Actor("reception")


class Stopping:
    """A connection that stops before one statement, until it may go on."""

    def __init__(self, connection: Any, statement: str) -> None:
        self._connection = connection
        self._before = sql(statement)
        self.there, self.go_on = asyncio.Event(), asyncio.Event()

    async def _stop(self, statement: str) -> None:
        if statement == self._before:
            self.there.set()
            await self.go_on.wait()

    async def fetchval(self, statement: str, *values: object) -> object:
        await self._stop(statement)
        return await self._connection.fetchval(statement, *values)

    async def fetchrow(self, statement: str, *values: object) -> object:
        await self._stop(statement)
        return await self._connection.fetchrow(statement, *values)

    async def execute(self, statement: str, *values: object) -> object:
        await self._stop(statement)
        return await self._connection.execute(statement, *values)


async def until_one_waits(clinic: Clinic) -> None:
    """Return once a session waits for a lock of another one."""
    async with clinic.as_owner() as eye:
        for _ in range(500):
            if await eye.fetchval(
                "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND locktype <> 'relation')"
            ):
                return
            await asyncio.sleep(0.01)
    raise AssertionError("nobody waits")


def seen(appointment_id: UUID, patient_id: UUID) -> Presence:
    return Presence(
        presence_id=uuid4(),
        site_id=SITE.id,
        patient_id=patient_id,
        appointment_id=appointment_id,
        flag=PresenceFlag.AGAIN,
        method=Method.FACE,
        evidence=EvidenceGrade.FACE,
        occurred_at=NOW,
        building=None,
        camera_id="lobby-2",
    )


async def test_a_sighting_and_an_undo_of_the_wrong_person(clinic: Clinic) -> None:
    """The sighting holds the consent and needs the appointment; the undo the other way round."""
    appointment_id, patient_id = await clinic.expect(1)
    assert await clinic.check_ins().record(await clinic.proposal(1)) is Recorded.WRITTEN

    async with clinic.database.postgres.transaction() as connection:
        stopping = Stopping(connection, "insert_presence")
        writing = asyncio.create_task(
            clinic.presences().write(
                stopping,  # type: ignore[arg-type]
                seen(appointment_id, patient_id),
            )
        )
        await stopping.there.wait()
        undoing = asyncio.create_task(undo_of(clinic).undo("A-1", RECEPTION, "a mistake", True))
        await until_one_waits(clinic)
        stopping.go_on.set()
        assert await writing is Recorded.WRITTEN
    assert (await undoing).blocked


async def test_a_code_that_is_taken_and_a_person_who_is_erased(clinic: Clinic) -> None:
    """The code's row is locked before the appointment, by both of them."""
    counter = Counter(clinic)
    await counter.expect(1)
    appointment_id, patient_id = await clinic.ids(1)
    secret = (await counter.issue(1)).secret
    base = clinic.database
    erasure = PatientErasure(
        base.postgres,
        base.vault,
        SITE.id,
        clinic.eraser(),
        ErasedReferences(base.keyed_hash, SITE.id),
        DAYS,
    )

    async with counter.claims.opened(DigitsShown(secret), NOW) as found:
        erasing = asyncio.create_task(erasure.erase("P-1", "wish", RECEPTION, NOW))
        await until_one_waits(clinic)
        recorded = await found.arrive(
            CheckIn(
                event_id=uuid4(),
                site_id=SITE.id,
                appointment_id=appointment_id,
                patient_id=patient_id,
                method=Method.CODE,
                evidence=EvidenceGrade.DESK_CODE,
                occurred_at=NOW,
                camera_id=None,
                score=None,
                threshold=None,
                pack_id=None,
                device_id="desk-1",
            )
        )
        await found.use_up()
    assert recorded is Recorded.WRITTEN
    # Written before the person went: it is kept, and says nothing of them.
    assert "check_ins" in {one.kind for one in (await erasing).kept}
