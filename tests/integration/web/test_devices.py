"""Tablets and screens: paired, used, revoked; and what somebody tries with them."""

import io
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import cv2
import httpx
import numpy as np
import pytest
from PIL import Image

from streamer.checkin.codes.qr_picture import qr_png
from streamer.domain.appointment import AppointmentStatus
from streamer.domain.role import Role
from tests.integration.storage.clinic import NOW, booking, patient
from tests.integration.storage.counter import child
from tests.integration.web.house import House
from tests.integration.web.served import ServedApi, cookies_of

DEVICE = "__Host-kirdi-device"
XSS = "<img src=x onerror=alert(1)>"
Tablet = Callable[..., Awaitable[httpx.AsyncClient]]


@pytest.fixture
def tablet(house: House) -> Tablet:
    """A browser that was paired as a device."""

    async def paired(name: str = "kiosk-7", kind: str = "kiosk") -> httpx.AsyncClient:
        reception = await house.as_role(Role.RECEPTION, account="reception")
        made = await reception.post("/devices", json={"device_id": name, "kind": kind})
        assert made.status_code == 201, made.text
        return await pair(house, made.json()["code"])

    return paired


async def pair(house: House, code: str) -> httpx.AsyncClient:
    client = await house.api.client()
    answer = await client.post("/devices/pairings", json={"code": code})
    assert answer.status_code == 200, answer.text
    token = cookies_of(answer)[DEVICE]
    client.headers["Cookie"] = f"{DEVICE}={token}"
    client.headers["X-CSRF-Token"] = house.api.backend.database.web_secrets.csrf(token)
    return client


async def test_a_device_is_paired_once_and_revoked_at_once(house: House) -> None:
    admin = await house.as_role(Role.ADMIN, account="admin")
    made = (await admin.post("/devices", json={"device_id": "kiosk-7"})).json()
    assert made["address"] == f"{house.api.url}/kiosk/pair#{made['code']}"
    assert len(made["qr"]) == len(made["qr"][0]) > 20
    again = await admin.post("/devices", json={"device_id": "kiosk-7"})
    assert again.status_code == 422
    # However it is typed.
    client = await pair(house, f" {made['code'].upper().replace('-', ' ')} ")
    assert (await client.get("/kiosk/calls")).status_code == 200
    other = await house.api.client()
    used = await other.post("/devices/pairings", json={"code": made["code"]})
    assert used.status_code == 404
    (listed,) = (await admin.get("/devices")).json()["items"]
    assert (listed["state"], listed["building"]) == ("in-force", "main")
    drawn = (await admin.post("/devices/kiosk-7/pairing")).json()
    # Until it is used the former tablet goes on.
    assert (await client.get("/kiosk/calls")).status_code == 200
    second = await pair(house, drawn["code"])
    assert (await client.get("/kiosk/calls")).status_code == 401
    assert (await admin.delete("/devices/kiosk-7")).status_code == 200
    assert (await second.get("/kiosk/calls")).status_code == 401
    assert (await admin.delete("/devices/kiosk-7")).status_code == 404
    assert (await admin.post("/devices/kiosk-7/pairing")).status_code == 404
    # Its name is free again.
    assert (await admin.post("/devices", json={"device_id": "kiosk-7"})).status_code == 201
    assert await house.audited("account-change") >= 6
    for body in ({"device_id": "desk-1"}, {"device_id": "k", "building": "nowhere"}):
        assert (await admin.post("/devices", json=body)).status_code == 422, body


async def test_tokens_and_codes_end_and_stand_nowhere_in_the_clear(
    house: House, tablet: Tablet
) -> None:
    client = await tablet()
    clinic = house.clinic
    token = str(client.headers["Cookie"]).partition("=")[2]
    row = await clinic.row("SELECT token_hash, pairing_hash FROM devices")
    assert token.encode() not in bytes(row[0])
    assert row[1] is None
    admin = await house.as_role(Role.ADMIN, account="admin")
    made = (await admin.post("/devices", json={"device_id": "late"})).json()
    clinic.clock.advance(601)
    assert (await client.post("/devices/pairings", json={"code": made["code"]})).status_code == 404
    clinic.clock.advance(180 * 86_400)
    assert (await client.get("/kiosk/calls")).status_code == 401


async def test_pairing_codes_are_not_guessed(api: ServedApi) -> None:
    client = await api.client()
    statuses = [
        (await client.post("/devices/pairings", json={"code": f"aaaa-aa{n:02}"})).status_code
        for n in range(30)
    ]
    assert statuses == [404] * 10 + [429] * 20
    elsewhere = {"Origin": "https://evil.example"}
    # Another site's page does not pair anybody's browser.
    answer = await client.post("/devices/pairings", json={"code": "x"}, headers=elsewhere)
    assert answer.status_code == 403


async def test_a_session_ends_where_a_tablet_is_paired(house: House) -> None:
    await house.api.account("chief", Role.ADMIN)
    browser, secret = await house.api.signed_in("chief")
    made = (await browser.post("/devices", json={"device_id": "kiosk-7"})).json()
    answer = await browser.post("/devices/pairings", json={"code": made["code"]})
    assert cookies_of(answer)["__Host-kirdi"] in ("", '""')
    assert (await browser.get("/session")).status_code == 401
    assert secret not in answer.text


async def test_the_token_is_good_for_nothing_else(house: House, tablet: Tablet) -> None:
    kiosk, board = await tablet(), await tablet("board-1", "board")
    token = str(kiosk.headers["Cookie"]).partition("=")[2]
    assert (await board.get("/kiosk/calls")).status_code == 403
    assert (await kiosk.get("/board")).status_code == 403
    for path in ("/session", "/patients", "/appointments", "/codes", "/devices", "/kiosk-calls"):
        assert (await kiosk.get(path)).status_code == 403, path
    as_program = await house.api.client(token)
    assert (await as_program.get("/kiosk/calls")).status_code == 401
    # A signed-in receptionist is no tablet, whatever their token's scopes say.
    reception = await house.as_role(Role.RECEPTION, account="reception")
    assert (await reception.post("/kiosk/codes", json={"code": "123456"})).status_code == 403
    site = house.api.url
    async with httpx.AsyncClient(headers={"Accept": "text/html"}) as browser:
        sent = await browser.get(f"{site}/kiosk")
        assert (sent.status_code, sent.headers["location"]) == (303, "/kiosk/pair")
        browser.headers["Cookie"] = str(kiosk.headers["Cookie"])
        assert (await browser.get(f"{site}/kiosk")).status_code == 200
        for path in ("/", "/sign-in", "/account", "/devices", "/board", "/review"):
            assert (await browser.get(f"{site}{path}")).status_code == 403, path


async def issue(house: House, number: int) -> str:
    desk = await house.as_role(Role.RECEPTION, account="asel")
    return str((await desk.post("/codes", json={"patient_ref": f"P-{number}"})).json()["code"])


async def test_a_code_at_the_kiosk(house: House, tablet: Tablet) -> None:
    clinic, kiosk = house.clinic, await tablet()
    await clinic.import_patients(patient(1), patient(2), patient(3))
    await clinic.import_bookings(
        replace(booking(1), room=XSS),
        replace(booking(2), starts_at=NOW + timedelta(hours=3), ends_at=NOW + timedelta(hours=4)),
        replace(booking(3), status=AppointmentStatus.CANCELLED),
    )
    codes = [await issue(house, number) for number in (1, 2, 3)]
    arrived, early, cancelled = [
        (await kiosk.post("/kiosk/codes", json={"code": one})).json() for one in codes
    ]
    (visit,) = arrived["visits"]
    assert (arrived["state"], visit["room"]) == ("arrived", XSS)
    assert 100 <= visit["ticket"] <= 999
    assert early["state"] == "early"
    assert early["visits"][0]["opens_at"] < early["visits"][0]["starts_at"]
    assert cancelled["state"] == "cancelled"
    for said in (arrived, early, cancelled):
        assert "P-" not in str(said)
        assert "Full Name" not in str(said)
    row = await clinic.row("SELECT method, device_id, decided_by FROM check_ins")
    assert tuple(row) == ("code", "kiosk-7", None)
    for more in (
        {"device": "desk-1"},
        {"building": "north"},
        {"code": "1" * 600},
        {"chosen": ["x y"]},
    ):
        answer = await kiosk.post("/kiosk/codes", json={"code": "123456"} | more)
        assert answer.status_code == 422, more
    refused = (await kiosk.post("/kiosk/codes", json={"code": codes[0]})).json()
    assert refused == {"state": "refused", "visits": [], "choices": [], "wait_s": None}
    # The board calls the number, and says nothing else.
    board = await tablet("board-1", "board")
    (line,) = (await board.get("/board")).json()["lines"]
    assert line.keys() == {"ticket", "room", "building", "arrived_at"}
    assert (line["ticket"], line["room"]) == (visit["ticket"], XSS)
    desk = await house.as_role(Role.RECEPTION, account="asel")
    shown = (await desk.get("/appointments/A-1")).json()
    assert shown["ticket"] == visit["ticket"]


async def test_a_guardian_chooses_without_names(house: House, tablet: Tablet) -> None:
    clinic, kiosk = house.clinic, await tablet()
    await clinic.import_patients(patient(1), child(2), child(3))
    await clinic.import_bookings(booking(2), replace(booking(3), room="7"))
    code = await issue(house, 1)
    asked = (await kiosk.post("/kiosk/codes", json={"code": code})).json()
    assert asked["state"] == "choose"
    assert {one["person"] for one in asked["choices"]} == {1, 2}
    wrong = {"code": code, "chosen": ["A-99"]}
    assert (await kiosk.post("/kiosk/codes", json=wrong)).status_code == 422
    ref = next(one["appointment_ref"] for one in asked["choices"] if one["room"] == "7")
    taken = (await kiosk.post("/kiosk/codes", json={"code": code, "chosen": [ref]})).json()
    assert (taken["state"], [one["room"] for one in taken["visits"]]) == ("arrived", ["7"])


async def test_guessing_makes_the_tablet_wait_and_no_other(house: House, tablet: Tablet) -> None:
    first, second = await tablet(), await tablet("kiosk-8")
    states = [
        (await first.post("/kiosk/codes", json={"code": f"{n:06}"})).json()["state"]
        for n in range(12)
    ]
    assert states == ["refused"] * 10 + ["wait"] * 2
    assert (await second.post("/kiosk/codes", json={"code": "999999"})).json()["state"] == "refused"
    desk = await house.as_role(Role.RECEPTION, account="asel")
    waiting = (await desk.get("/codes/devices")).json()["items"]
    assert "kiosk-7" in {one["subject"] for one in waiting if one["blocked_until"]}
    done = await desk.post("/codes/devices/unblock", json={"device": "kiosk-7"})
    assert done.json()["forgiven"] is True


async def test_i_was_not_here(house: House, tablet: Tablet) -> None:
    clinic, kiosk = house.clinic, await tablet()
    await clinic.import_patients(patient(1))
    await clinic.import_bookings(booking(1))
    code = await issue(house, 1)
    nothing = (await kiosk.post("/kiosk/disputes", json={"code": code})).json()
    assert nothing["state"] == "no-appointment"
    desk = await house.as_role(Role.RECEPTION, account="dina")
    by_hand = {"appointment_ref": "A-1", "reason": "was seen in the corridor"}
    assert (await desk.post("/check-ins", json=by_hand)).status_code == 201
    already = (await kiosk.post("/kiosk/codes", json={"code": code})).json()
    assert (already["state"], len(already["visits"])) == ("already", 1)
    said = (await kiosk.post("/kiosk/disputes", json={"code": code})).json()
    assert said["state"] == "disputed"
    again = (await kiosk.post("/kiosk/disputes", json={"code": code})).json()
    assert again["state"] == "disputed"
    (call,) = (await desk.get("/kiosk-calls")).json()
    assert (call["device_id"], call["why"]) == ("kiosk-7", "dispute")
    reviewer = await house.as_role(Role.REVIEWER, account="reviewer")
    (waiting,) = (await reviewer.get("/reviews")).json()["items"]
    assert (waiting["reason"], waiting["device_id"]) == ("disputed", "kiosk-7")
    doctor = await house.as_role(
        Role.REVIEWER, account="doctor", practitioner_refs=["D-1"], cameras=[]
    )
    own = await doctor.post(f"/reviews/{waiting['review_id']}/confirm", json={})
    assert own.status_code == 422, own.text
    assert (await desk.get("/appointments/A-1")).json()["status"] == "arrived"
    done = await reviewer.post(f"/reviews/{waiting['review_id']}/confirm", json={})
    assert done.status_code == 200, done.text
    shown = (await desk.get("/appointments/A-1")).json()
    assert (shown["status"], shown["evidence"]) == ("booked", None)
    assert (await reviewer.get("/reviews")).json()["items"] == []
    # The code has not been used up: now the patient arrives by it.
    assert (await kiosk.post("/kiosk/codes", json={"code": code})).json()["state"] == "arrived"


async def test_help_is_called_and_comes(house: House, tablet: Tablet) -> None:
    kiosk = await tablet()
    desk = await house.as_role(Role.RECEPTION, account="dina")
    called = (await kiosk.post("/kiosk/calls")).json()
    (waiting,) = (await desk.get("/kiosk-calls")).json()
    assert waiting == called
    taken = await desk.post(f"/kiosk-calls/{called['call_id']}/take")
    assert taken.json()["taken"] is True
    (own,) = (await kiosk.get("/kiosk/calls")).json()
    assert own["taken"] is True
    assert (await desk.get("/kiosk-calls")).json() == []
    unknown = "00000000-0000-4000-8000-000000000000"
    assert (await desk.post(f"/kiosk-calls/{unknown}/take")).status_code == 404


def jpeg(pixels: "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]") -> bytes:
    held = io.BytesIO()
    Image.fromarray(pixels).save(held, "JPEG", quality=80)
    return held.getvalue()


def swollen(picture: bytes) -> bytes:
    """The same, which says of itself that it is 65,000 pixels high and wide."""
    at = picture.index(b"\xff\xc0") + 5
    return picture[:at] + b"\xfd\xe8\xfd\xe8" + picture[at + 4 :]


async def test_pictures_are_read_and_refused(house: House, tablet: Tablet) -> None:
    kiosk = await tablet()
    kind = {"Content-Type": "image/jpeg"}

    async def sent(content: bytes, headers: dict[str, str] = kind) -> httpx.Response:
        return await kiosk.post("/kiosk/pictures", content=content, headers=headers)

    drawn = cv2.imdecode(np.frombuffer(qr_png("kirdi-1"), np.uint8), cv2.IMREAD_COLOR)
    assert drawn is not None
    seen = np.full((480, 640, 3), 140, np.uint8)
    seen[50 : 50 + drawn.shape[0], 60 : 60 + drawn.shape[1]] = drawn[:430, :580]
    assert (await sent(jpeg(seen))).json() == {"text": "kirdi-1"}
    assert (await sent(jpeg(np.full((480, 640, 3), 140, np.uint8)))).json() == {"text": None}
    png = io.BytesIO()
    Image.fromarray(seen).save(png, "PNG")
    for content, headers, status in (
        (b"", kind, 422),
        (b"\xff\xd8\xff\xe0 no picture", kind, 422),
        (jpeg(seen)[:900], kind, 422),
        # Of another kind than it says.
        (png.getvalue(), kind, 422),
        (jpeg(seen), {"Content-Type": "image/png"}, 415),
        (b"x" * (513 * 1024), kind, 413),
        # Small files of four megapixels, and of billions.
        (jpeg(np.zeros((2000, 2000, 3), np.uint8)), kind, 422),
        (swollen(jpeg(seen)), kind, 422),
    ):
        answer = await sent(content, headers)
        assert answer.status_code == status, (content[:20], answer.text)
