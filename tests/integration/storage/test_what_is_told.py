"""What the database tells of a change, to whoever listens."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta

import asyncpg
import pytest

from streamer.errors import DatabaseError
from streamer.storage.change_feed import CHANNEL
from tests.integration.storage.clinic import NOW, SITE, Clinic, booking, moved, patient
from tests.integration.storage.conftest import MakeLink
from tests.integration.storage.following import Following

NEVER_S = 60.0
"""A poll that does not come while a test runs."""


class Ear:
    """Listens itself, and says what was told since it was asked last."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection
        self._heard: list[str] = []

    def take(self, _connection: object, _pid: int, _channel: str, payload: object) -> None:
        assert isinstance(payload, str)
        self._heard.append(payload)

    async def texts(self) -> list[str]:
        # Once this has come back everything that was committed before has come, too.
        await self._connection.execute("NOTIFY kirdi_changes, 'end'")
        for _ in range(6000):
            if "end" in self._heard:
                break
            await asyncio.sleep(0.005)
        heard, self._heard = self._heard, []
        return [one for one in heard if one != "end"]

    async def told(self) -> list[tuple[str, object]]:
        messages = [json.loads(one) for one in await self.texts()]
        assert all(one["site"] == SITE.id for one in messages)
        return [(one["what"], one.get("patients")) for one in messages]


@pytest.fixture
async def ear(migrated_url: str) -> AsyncIterator[Ear]:
    connection = await asyncpg.connect(migrated_url)
    one = Ear(connection)
    await connection.add_listener(CHANNEL, one.take)
    yield one
    await connection.close()


GALLERY = ("gallery", None)


async def test_what_is_told_of(clinic: Clinic, ear: Ear) -> None:
    await clinic.expect(1)
    _, one = await clinic.ids(1)
    schedule = ("schedule", [str(one)])
    await clinic.import_patients(patient(2))
    await ear.texts()
    _, of = "", "WHERE patient_ref = 'P-1'"
    for statement, expected in (
        ("UPDATE appointments SET status = 'arrived', building = 'west'", [schedule]),
        ("UPDATE appointments SET status = 'booked'", [schedule]),
        ("UPDATE appointments SET status = 'cancelled'", [schedule]),
        ("UPDATE appointments SET status = 'arrived'", [schedule]),
        ("UPDATE appointments SET building = 'east'", [schedule]),
        ("UPDATE appointments SET starts_at = starts_at - interval '1 min'", [schedule]),
        ("UPDATE appointments SET place = 'home'", [schedule]),
        ("UPDATE consents SET status = 'inactive'", [GALLERY]),
        ("UPDATE consents SET status = 'active'", [GALLERY]),
        (f"UPDATE consents SET expires_at = '{NOW + timedelta(days=9)}'", [GALLERY]),
        (f"UPDATE patients SET is_staff = true {of}", [GALLERY]),
        (f"UPDATE patients SET deceased_on = '2026-01-01' {of}", [GALLERY]),
        ("UPDATE templates SET pack_id = 'other'", [GALLERY]),
        (
            "INSERT INTO look_alikes (template_id, other_id, found_at)"
            f" SELECT template_id, gen_random_uuid(), '{NOW}' FROM templates",
            None,  # refused: there is no such other one
        ),
        ("DELETE FROM templates", [GALLERY]),
        ("DELETE FROM consents", [GALLERY]),
        ("DELETE FROM appointments", [schedule]),
        (f"DELETE FROM patients {of}", [GALLERY]),
    ):
        try:
            await clinic.execute(statement)
        except DatabaseError:
            assert expected is None, statement
        assert await ear.told() == (expected or []), statement


async def test_look_alikes_and_who_moves_to_another_patient_are_told_of(
    clinic: Clinic, ear: Ear
) -> None:
    await clinic.expect(1)
    await clinic.expect(2)
    one, other = (await clinic.ids(1))[1], (await clinic.ids(2))[1]
    await ear.texts()
    await clinic.execute(
        "INSERT INTO look_alikes (template_id, other_id, found_at) "
        "SELECT min(template_id::text)::uuid, max(template_id::text)::uuid, now() FROM templates"
    )
    assert await ear.told() == [GALLERY]
    await clinic.execute(
        "UPDATE appointments SET patient_id = $1 WHERE patient_id = $2", one, other
    )
    ((what, patients),) = await ear.told()
    assert what == "schedule"
    assert isinstance(patients, list)
    assert set(patients) == {str(one), str(other)}


async def test_what_nothing_depends_on_is_not_told_of(clinic: Clinic, ear: Ear) -> None:
    await clinic.expect(1)
    await ear.texts()
    for statement in (
        "UPDATE appointments SET room = '7', service_name = 'x', status_changed_at = now()",
        "UPDATE appointments SET status = status",
        "UPDATE appointments SET status = 'arrived'",
        "UPDATE consents SET document_ref = 'other'",
        "UPDATE patients SET language = 'kk', payer = 'x', updated_at = now()",
        "UPDATE practitioners SET full_name = 'Other'",
        "DELETE FROM consents WHERE status = 'draft'",
        "INSERT INTO camera_uptime (site_id, camera_id, state, reason, started_at, last_seen_at) "
        "VALUES ('test-1', 'lobby-1', 'streaming', '', now(), now())",
        "UPDATE camera_uptime SET last_seen_at = now() + interval '5 s'",
    ):
        await clinic.execute(statement)
        assert await ear.told() == [], statement
    await clinic.import_patients(patient(1), patient(9))
    assert await ear.told() == []


async def test_only_what_is_committed_is_told(clinic: Clinic, ear: Ear) -> None:
    await clinic.expect(1)
    await ear.texts()
    await clinic.execute("BEGIN; UPDATE appointments SET status = 'noshow'; ROLLBACK")
    assert await ear.told() == []


async def test_an_import_is_told_of_once_it_is_large(clinic: Clinic, ear: Ear) -> None:
    numbers = range(300)
    await clinic.import_patients(*(patient(number) for number in numbers))
    await clinic.import_bookings(*(booking(number) for number in range(20)))
    told = await ear.told()
    assert len(told) == 20
    await clinic.import_bookings(*(booking(number) for number in range(20, 300)))
    assert (await ear.told())[20:] == [("schedule", None)]
    # One statement over many rows, as a hospital's own system may send.
    await clinic.execute("UPDATE appointments SET building = 'west'")
    assert await ear.told() == [("schedule", None)]
    # The count ends with its transaction.
    await clinic.execute("UPDATE appointments SET building = NULL WHERE appointment_ref = 'A-7'")
    assert await ear.told() == [("schedule", [str((await clinic.ids(7))[1])])]


async def test_no_name_and_no_reference_is_told(clinic: Clinic, ear: Ear) -> None:
    await clinic.expect(1)
    await clinic.withdraw(1)
    await clinic.check_ins().record(await clinic.proposal(1))
    texts = await ear.texts()
    assert texts
    for clear in ("P-1", "A-1", "D-1", "Full Name", "Dr One", "Consultation", "C-1"):
        assert not [one for one in texts if clear in one]


async def test_a_change_made_elsewhere_is_followed_at_once(
    clinic: Clinic, redis_url: str, make_link: MakeLink
) -> None:
    await clinic.expect(1)
    await clinic.expect(2)
    one, other = (await clinic.ids(1))[1], (await clinic.ids(2))[1]
    async with Following(clinic, make_link(redis_url), NEVER_S) as following:
        assert following.people == {one, other}
        await clinic.withdraw(1)
        await following.until(lambda: following.people == {other})
        assert [one.starts_at.hour for one in await following.appointments(one)] == [5]
        await clinic.execute(
            "UPDATE appointments SET starts_at = starts_at + interval '1 h', "
            "ends_at = ends_at + interval '1 h' WHERE patient_id = $1",
            other,
        )
        await following.until_hours(other, [6])
        await clinic.import_bookings(moved(booking(3, patient_number=1), 2))
        await following.until_hours(one, [5, 7])
