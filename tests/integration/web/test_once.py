"""`Idempotency-Key`: a write that is repeated is made once."""

import asyncio
from datetime import timedelta

import pytest

from streamer.crypto.answer_seal import AnswerSeal
from streamer.domain.kept_answer import Claimed, Held, KeptAnswer
from streamer.domain.role import Role
from streamer.errors import DatabaseError, InputError
from streamer.storage.idempotency import KEPT, LEASE, PostgresOnce
from tests.integration.storage.clinic import SITE, Clinic, booking, patient
from tests.integration.web.house import House

BODY = {"appointment_ref": "A-1", "reason": "by hand"}


@pytest.fixture
async def ready(house: House) -> House:
    await house.clinic.import_patients(patient(1), patient(2))
    await house.clinic.import_bookings(booking(1), booking(2))
    return house


def store(clinic: Clinic) -> PostgresOnce:
    base = clinic.database
    return PostgresOnce(base.postgres, AnswerSeal(base.secrets.derive), SITE.id, clinic.clock)


async def test_the_same_again_gets_the_same_answer(ready: House) -> None:
    client = await ready.as_role(Role.RECEPTION)
    headers = {"Idempotency-Key": "k1"}
    first = await client.post("/check-ins", json=BODY, headers=headers)
    again = await client.post("/check-ins", json=BODY, headers=headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    other = await client.post("/check-ins", json=BODY | {"reason": "else"}, headers=headers)
    assert other.json()["type"] == "urn:kirdi:problem:idempotency-mismatch"
    elsewhere = await client.post("/check-ins/undo", json=BODY, headers=headers)
    assert elsewhere.status_code == 422


async def test_a_code_is_issued_once_and_stands_nowhere_in_clear(ready: House) -> None:
    client = await ready.as_role(Role.RECEPTION)
    headers = {"Idempotency-Key": "code-1"}
    first, again = [
        await client.post("/codes", json={"patient_ref": "P-1"}, headers=headers) for _ in range(2)
    ]
    assert again.json() == first.json()
    assert await ready.clinic.count("codes") == 1
    row = await ready.clinic.row("SELECT idempotency_keys::text FROM idempotency_keys")
    for word in (first.json()["code"], "P-1", "code-1"):
        assert word.encode().hex() not in row[0]
        assert word not in row[0]


async def test_what_came_to_nothing_may_be_tried_again(ready: House) -> None:
    client = await ready.as_role(Role.RECEPTION)
    headers = {"Idempotency-Key": "k2"}
    undo = await client.post("/check-ins/undo", json=BODY, headers=headers)
    assert undo.status_code == 422
    await client.post("/check-ins", json=BODY)
    undo = await client.post("/check-ins/undo", json=BODY, headers=headers)
    assert undo.status_code == 200


async def test_somebody_elses_key_is_another_key(ready: House) -> None:
    aigul = await ready.as_role(Role.RECEPTION, account="aigul")
    dina = await ready.as_role(Role.RECEPTION, account="dina")
    headers = {"Idempotency-Key": "k3"}
    issued = await aigul.post("/codes", json={"patient_ref": "P-1"}, headers=headers)
    stolen = await dina.post("/codes", json={"patient_ref": "P-1"}, headers=headers)
    assert stolen.status_code == 201
    assert stolen.json()["code_id"] != issued.json()["code_id"]
    assert "idempotency-replayed" not in stolen.headers


async def test_ten_at_once_write_once(ready: House) -> None:
    client = await ready.as_role(Role.RECEPTION)
    headers = {"Idempotency-Key": "k4"}
    answers = await asyncio.gather(
        *(client.post("/codes", json={"patient_ref": "P-1"}, headers=headers) for _ in range(10))
    )
    assert {one.status_code for one in answers} <= {201, 409}
    codes = {one.json()["code_id"] for one in answers if one.status_code == 201}
    assert len(codes) == 1
    assert await ready.clinic.count("codes") == 1
    busy = [one for one in answers if one.status_code == 409]
    assert all(one.json()["type"] == "urn:kirdi:problem:idempotency-busy" for one in busy)


async def test_a_camera_that_is_gone_is_removed_again_without_harm(ready: House) -> None:
    client = await ready.as_role(Role.OPERATOR)
    await client.post("/cameras", json={"camera_id": "back-1", "url": "rtsp://10.0.0.9/2"})
    headers = {"Idempotency-Key": "k5"}
    answers = [await client.delete("/cameras/back-1", headers=headers) for _ in range(2)]
    assert [one.status_code for one in answers] == [200, 200]


async def test_a_killed_service_leaves_a_write_undone_or_its_answer_lost(clinic: Clinic) -> None:
    once, postgres = store(clinic), clinic.database.postgres
    first = await once.claim("aigul", "k", b"request")
    assert isinstance(first, Claimed)
    assert await once.claim("aigul", "k", b"request") is Held.BUSY
    # Killed before it wrote: whoever comes after the lease does it, the first one no more.
    clinic.clock.advance(LEASE.total_seconds() + 1)
    second = await once.claim("aigul", "k", b"request")
    assert isinstance(second, Claimed)
    with pytest.raises(DatabaseError, match="taken the request over"), once.writing(first):
        async with postgres.transaction() as connection:
            await connection.execute("UPDATE sites SET name = 'changed'")
    assert (await clinic.row("SELECT name FROM sites"))[0] != "changed"
    # Killed after it wrote: nobody does it again.
    with once.writing(second):
        async with postgres.transaction() as connection:
            await connection.execute("UPDATE sites SET name = 'changed'")
    clinic.clock.advance(LEASE.total_seconds() + 1)
    assert await once.claim("aigul", "k", b"request") is Held.ANSWER_LOST
    await once.answer(second, KeptAnswer(201, b"{}"))
    assert await once.claim("aigul", "k", b"request") == KeptAnswer(201, b"{}")
    assert await once.claim("aigul", "k", b"another") is Held.OTHER_REQUEST
    # After a day the key is forgotten.
    clinic.clock.advance(KEPT.total_seconds())
    assert isinstance(await once.claim("aigul", "k", b"another"), Claimed)
    await once.forget(clinic.clock.now() + timedelta(days=2))
    assert await clinic.count("idempotency_keys") == 0


async def test_a_write_that_rolls_back_takes_its_mark_along(clinic: Clinic) -> None:
    once, postgres = store(clinic), clinic.database.postgres
    claim = await once.claim("aigul", "k", b"request")
    assert isinstance(claim, Claimed)
    with pytest.raises(InputError), once.writing(claim):
        async with postgres.transaction():
            raise InputError("no")
    await once.release(claim, nothing_done=False)
    assert isinstance(await once.claim("aigul", "k", b"request"), Claimed)
