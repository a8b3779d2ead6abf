"""What staff, a program and a kiosk do through the API on a day; yields every secret about it.

Right and wrong: passwords in the wrong box, names and numbers in addresses, guesses.
"""

import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx

from tests.leaks.secret import Secret, digits, exact, words

PASSWORD = "сегіз жылқы Көкшетауда 8"
GUESS = "бес түйе Маңғыстауда 5"
NEWCOMER = ("Фарида Төлегенқызы Ғабитова", "930317400068", "+77011234506")
ASKED_FOR = "Гүлнара Өмірзаққызы Хамитова"
WRONG_CODE = "737291"


def through_the_api(url: str, account: str, known: tuple[str, str]) -> Iterator[Secret]:
    """Do all of it.

    Args:
        url: Where the service answers.
        account: An administrator, receptionist and data protection officer, with `PASSWORD`.
        known: A patient's reference, and their name.

    Yields:
        What may be nowhere afterwards, but in the answers.
    """
    yield from (words("password", PASSWORD), words("guessed password", GUESS))
    with httpx.Client(base_url=f"{url}/api/v1", timeout=30) as browser:
        for name, password in ((PASSWORD, PASSWORD), (account, GUESS)):
            refused = browser.post("/session", json={"account": name, "password": password})
            assert refused.status_code == 401
        session = browser.post("/session", json={"account": account, "password": PASSWORD})
        csrf = _ok(session)["csrf_token"]
        cookie = session.headers["set-cookie"].partition(";")[0]
        yield from (exact("session", cookie.partition("=")[2]), exact("CSRF token", csrf))
        browser.cookies.clear()
        browser.headers.update({"Cookie": cookie, "X-CSRF-Token": csrf})
        yield from _patients(browser, known)
        yield from _accounts(browser, account)
        yield from _kiosk(browser, url)
        _ok(browser.delete("/session"))


def _patients(browser: httpx.Client, known: tuple[str, str]) -> Iterator[Secret]:
    ref, name = known
    _ok(browser.get("/patients"))
    assert name in browser.get(f"/patients/{ref}").text
    assert name in browser.get("/schedule").text
    assert name in browser.get("/rights/export", params={"patient_ref": ref}).text
    pdf = browser.get("/rights/export", params={"patient_ref": ref, "format": "pdf"})
    assert pdf.content.startswith(b"%PDF")
    newcomer, number, phone = NEWCOMER
    yield from (words("name of F", newcomer), digits("identity number of F", number))
    yield digits("phone of F", phone[-10:])
    row = {
        "patient_ref": "F",
        "full_name": newcomer,
        "id_type": "passport",
        "id_number": number,
        "phone": phone,
    }
    _ok(browser.post("/patients/import", json={"patients": [row]}, headers=_once()))
    # What people put into addresses and boxes where a reference belongs.
    yield words("name that was asked for", ASKED_FOR)
    for typed in (ASKED_FOR, number):
        assert browser.get(f"/patients/{typed}").status_code in (404, 422)
        assert browser.get("/patients", params={"patient_ref": typed}).status_code < 500
        assert browser.post("/codes", json={"patient_ref": typed}).status_code in (404, 409, 422)
        wrong = {"appointment_ref": typed, "reason": "desk"}
        assert browser.post("/check-ins", json=wrong).status_code in (404, 409, 422)


def _accounts(browser: httpx.Client, account: str) -> Iterator[Secret]:
    added = browser.post("/accounts", json={"account": "dana", "roles": ["head"]}, headers=_once())
    yield exact("one-time password", _ok(added)["one_time_password"])
    wanted = {"account": account, "name": "board", "scopes": ["appointments:read"], "days": 7}
    token = _ok(browser.post("/tokens", json=wanted, headers=_once()))["token"]
    yield exact("API token", token.partition("_")[2])
    named = {"Authorization": f"Bearer {token}", "Cookie": ""}
    _ok(browser.get("/appointments", headers=named))
    camera = {"camera_id": "back-1", "url": "rtsp://viewer:Geheim-Back-Door@127.0.0.1:9/1"}
    yield words("password of a camera added", "Geheim-Back-Door")
    _ok(browser.post("/cameras", json=camera, headers=_once()))


def _kiosk(browser: httpx.Client, url: str) -> Iterator[Secret]:
    made = _ok(browser.post("/devices", json={"device_id": "kiosk-7"}, headers=_once()))
    yield exact("pairing code", made["code"])
    with httpx.Client(base_url=browser.base_url, timeout=30) as tablet:
        paired = tablet.post("/devices/pairings", json={"code": made["code"]})
        assert paired.status_code == 200, paired.text
        cookies = paired.headers.get_list("set-cookie")
        (cookie,) = (one.partition(";")[0] for one in cookies if "kirdi-device" in one)
        yield exact("token of the kiosk", cookie.partition("=")[2])
        tablet.cookies.clear()
        tablet.headers["Cookie"] = cookie
        page = tablet.get(f"{url}/kiosk")
        found = re.search(r'csrf[^>]*content="([^"]+)"', page.text)
        assert found is not None
        yield exact("CSRF token of the kiosk", found.group(1))
        tablet.headers["X-CSRF-Token"] = found.group(1)
        yield digits("code that was tried", WRONG_CODE)
        told = _ok(tablet.post("/kiosk/codes", json={"code": WRONG_CODE}, headers=_once()))
        assert told["state"] == "refused"


def _once() -> dict[str, str]:
    return {"Idempotency-Key": str(uuid4())}


def _ok(answer: httpx.Response) -> Any:
    assert answer.is_success, answer.text
    return answer.json() if answer.content else None
