"""The day whole, its pages, and what happens of it, through the real server."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import httpx
import pytest

from streamer.domain.actor import Actor
from streamer.domain.consent import ConsentPurpose
from streamer.domain.role import Role
from streamer.web.acceptor import MOST_FROM_ONE
from tests.integration.storage.clinic import booking, consent, patient
from tests.integration.web.house import House

EVIL = "<b>evil</b>"


async def two_doctors(house: House) -> None:
    """A-1 of P-1 with D-1 in room 7, A-2 of P-2 with D-2."""
    clinic = house.clinic
    await clinic.import_patients(patient(1), patient(2))
    other = replace(booking(2), practitioner_ref="D-2", practitioner_name=EVIL)
    await clinic.import_bookings(replace(booking(1), room="7"), other)


async def test_the_day_is_read_whole_by_whoever_may(house: House) -> None:
    await two_doctors(house)
    reception = await house.as_role(Role.RECEPTION)
    day = (await reception.get("/schedule")).json()
    first, second = day["rows"]
    assert (first["appointment_ref"], first["patient"]) == ("A-1", "Full Name 1")
    assert (first["seen"], first["status"], first["enrolled"]) == ([], "booked", False)
    look = "SELECT count(*) FROM audit_events WHERE body::text LIKE '%named%' AND actor = 'aigul'"
    assert (await house.clinic.row(look))[0] == 1
    one = (await reception.get("/schedule", params={"key": second["key"]})).json()["rows"]
    assert [row["appointment_ref"] for row in one] == ["A-2"]
    for role in (Role.HEAD, Role.REVIEWER):
        other = await house.as_role(role, account=role)
        assert "patient" not in (await other.get("/schedule")).json()["rows"][0]
    doctor = await house.as_role(Role.PRACTITIONER, account="doctor", practitioner_refs=["D-1"])
    own = (await doctor.get("/schedule")).json()["rows"]
    assert [(row["appointment_ref"], row["patient"]) for row in own] == [("A-1", "Full Name 1")]
    assert "seen" not in own[0]
    assert "enrolled" not in own[0]
    assert (await doctor.get("/schedule", params={"key": second["key"]})).json()["rows"] == []


async def test_under_pseudonyms_there_is_nothing_to_follow(house: House) -> None:
    await two_doctors(house)
    clinic = house.clinic
    await clinic.consent(consent("P-1", "E-1", purpose=ConsentPurpose.PAYER_EVIDENCE))
    insurer = await house.as_role(Role.INSURER)
    day = (await insurer.get("/schedule")).json()
    assert len(day["rows"]) == 1
    assert "after" not in day
    assert day["rows"][0].keys() <= {
        "appointment_ref", "patient_ref", "practitioner_ref", "starts_at", "ends_at", "status",
        "place", "evidence", "walk_in", "pseudonymous",
    }  # fmt: skip
    assert (await insurer.get("/events")).status_code == 403


class Stream:
    """What a page hears."""

    def __init__(self, lines: AsyncIterator[str]) -> None:
        self._lines = lines
        self.last = ""

    async def next(self, *names: str) -> Any:
        """Wait for an event of one of these names; returns its data."""
        name, data = "", ""
        async with asyncio.timeout(10):
            async for line in self._lines:
                key, _, value = line.partition(": ")
                if key == "event":
                    name = value
                elif key == "data":
                    data = value
                elif key == "id":
                    self.last = value
                elif line == "":
                    if name in names:
                        return {"name": name, "data": json.loads(data)}
                    name, data = "", ""
        raise AssertionError("the stream ended")


@asynccontextmanager
async def following(client: httpx.AsyncClient, after: str | None = None) -> AsyncIterator[Stream]:
    params = {} if after is None else {"after": after}
    async with client.stream("GET", "/events", params=params) as answer:
        assert answer.status_code == 200
        stream = Stream(answer.aiter_lines())
        yield stream


@asynccontextmanager
async def telling(house: House) -> AsyncIterator[None]:
    """The service's own tasks, meanwhile."""
    stop = asyncio.Event()
    task = asyncio.create_task(house.day.run(stop))
    try:
        yield
    finally:
        stop.set()
        await task


async def test_a_page_hears_what_others_do(house: House) -> None:
    await two_doctors(house)
    reception = await house.as_role(Role.RECEPTION)
    doctor = await house.as_role(Role.PRACTITIONER, account="doctor", practitioner_refs=["D-1"])
    async with telling(house):
        day = (await reception.get("/schedule")).json()
        keys = {row["appointment_ref"]: row["key"] for row in day["rows"]}
        async with following(reception, day["after"]) as all_of_it, following(doctor) as own:
            await all_of_it.next("following")
            await own.next("following")
            by = house.api.backend
            for ref in ("A-2", "A-1"):
                await by.manual_check_ins.add(ref, Actor("somebody"), "by hand")
            heard: dict[str, str] = {}
            while len(heard) < 2:
                for one in (await all_of_it.next("appointments"))["data"]:
                    assert "patient" not in json.dumps(one)
                    heard[one["key"]] = one["status"]
            assert heard == {keys["A-1"]: "arrived", keys["A-2"]: "arrived"}
            (mine,) = (await own.next("appointments"))["data"]
            assert (mine["key"], mine["evidence"]["grade"]) == (keys["A-1"], "manual")
            stopped_at = all_of_it.last
        # A gap: what was missed comes first.
        await by.undo.undo("A-1", Actor("somebody"), "a mistake", False)
        async with following(reception, stopped_at) as again:
            (missed,) = (await again.next("appointments"))["data"]
            assert (missed["key"], missed["status"]) == (keys["A-1"], "booked")
        # Too old, or of another service: everything has to be read anew.
        async with following(reception, "1-0") as lost:
            await lost.next("reload")


async def test_an_enrolment_and_a_withdrawal_elsewhere_are_told(house: House) -> None:
    await two_doctors(house)
    reception = await house.as_role(Role.RECEPTION)
    doctor = await house.as_role(Role.PRACTITIONER, account="doctor", practitioner_refs=["D-1"])
    async with (
        telling(house),
        following(reception) as all_of_it,
        following(doctor) as own,
    ):
        await all_of_it.next("following")
        await own.next("following")
        await house.clinic.enrol(1)
        (enrolled,) = (await all_of_it.next("appointments"))["data"]
        assert (enrolled["status"], enrolled["enrolled"]) == ("booked", True)
        await house.clinic.withdraw(1)
        (withdrawn,) = (await all_of_it.next("appointments"))["data"]
        assert (withdrawn["key"], withdrawn["enrolled"]) == (enrolled["key"], False)
        # Who may not know of consents is not told of them.
        assert "enrolled" not in (await own.next("appointments"))["data"][0]


async def test_what_leaves_the_day_is_gone(house: House) -> None:
    await two_doctors(house)
    reception = await house.as_role(Role.RECEPTION)
    doctor = await house.as_role(Role.PRACTITIONER, account="doctor", practitioner_refs=["D-1"])
    async with (
        telling(house),
        following(reception) as all_of_it,
        following(doctor) as own,
    ):
        await all_of_it.next("following")
        await own.next("following")
        # Another practitioner's now: for the first one it is gone.
        key = (await doctor.get("/schedule")).json()["rows"][0]["key"]
        moved = replace(booking(1), practitioner_ref="D-2", practitioner_name="Dr Two", room="9")
        await house.clinic.import_bookings(moved)
        assert "gone" not in await row_with(all_of_it, key, "room")
        assert (await row_with(own, key, "gone"))["gone"] is True


async def row_with(stream: Stream, key: str, member: str) -> dict[str, Any]:
    """Wait for a row of this key that has a member; what was changed before may come first."""
    while True:
        for row in (await stream.next("appointments"))["data"]:
            if row["key"] == key and row.get(member) not in (None, "7"):
                return dict(row)


@pytest.mark.parametrize("role", [Role.REVIEWER, Role.RECEPTION])
async def test_reviews_are_told_to_whoever_may_read_them(house: House, role: Role) -> None:
    await two_doctors(house)
    client = await house.as_role(role, cameras=["lobby-1"])
    async with telling(house), following(client) as stream:
        await stream.next("following")
        for camera in ("desk-1", "lobby-1"):
            await house.clinic.execute(
                "INSERT INTO waiting_reviews (review_id, patient_id, site_id, lead,"
                " appointment_ids, reason, method, evidence, camera_id, captured_at, opened_at)"
                " SELECT gen_random_uuid(), patient_id, site_id, true, '{}', 'not_sure', 'face',"
                f" 'face', '{camera}', now(), now() FROM patients LIMIT 1"
            )
        await house.api.backend.manual_check_ins.add("A-1", Actor("somebody"), "by hand")
        told: list[dict[str, Any]] = []
        arrived = False
        while not arrived or (role is Role.REVIEWER and not told):
            heard = await stream.next("appointments", "reviews")
            if heard["name"] == "reviews":
                told += heard["data"]
            else:
                arrived = any(row["status"] == "arrived" for row in heard["data"])
        assert [one["waiting"] for one in told] == ([True] if role is Role.REVIEWER else [])


@pytest.mark.parametrize(
    "path", ["/today", "/today/sheet", "/today/sheet?by=room", "/today/downtime"]
)
async def test_pages_hold_no_markup_of_others(house: House, path: str) -> None:
    await two_doctors(house)
    await house.api.account("reception", Role.RECEPTION)
    client, _ = await house.api.signed_in("reception")
    shown = await client.get(f"{house.api.url}{path}", headers={"Accept": "text/html"})
    assert shown.status_code == 200
    assert EVIL not in shown.text
    if path != "/today":
        assert "&lt;b&gt;evil" in shown.text
        assert "Full Name 1" in shown.text


async def test_many_pages_may_follow_from_one_address(house: House) -> None:
    await two_doctors(house)
    await house.api.account("reception", Role.RECEPTION)
    token = await house.api.token("reception")
    asked = (
        f"GET /api/v1/events HTTP/1.1\r\nHost: 127.0.0.1:{house.api.port}\r\n"
        f"Authorization: Bearer {token}\r\n\r\n"
    ).encode()
    writers = []
    for _ in range(MOST_FROM_ONE + 6):
        reader, writer = await asyncio.open_connection("127.0.0.1", house.api.port)
        writer.write(asked)
        assert b" 200 " in await reader.readline()
        writers.append(writer)
    # Whoever has not signed in is counted as before.
    silent = []
    for _ in range(MOST_FROM_ONE):
        silent.append((await asyncio.open_connection("127.0.0.1", house.api.port))[1])
    reader, writer = await asyncio.open_connection("127.0.0.1", house.api.port)
    assert await reader.read() == b""
    for one in (*writers, *silent, writer):
        one.close()
