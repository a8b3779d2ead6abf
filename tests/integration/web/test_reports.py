"""Reports through the API: made, read, taken along; everybody gets what is theirs."""

import asyncio
import csv
import io
import json
import re
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import httpx
import pytest

from streamer.domain.consent import ConsentPurpose
from streamer.domain.role import Role
from tests.integration.storage.clinic import booking, consent, patient
from tests.integration.web.house import House


async def made(house: House, client: httpx.AsyncClient) -> str:
    """Have a report of the clinic's day made; its id."""
    day = house.clinic.clock.now().date().isoformat()
    asked = await client.post("/reports", json={"from": day, "to": day})
    assert asked.status_code == 202, asked.text
    for _ in range(400):
        said = (await client.get("/reports/making")).json()
        if said["state"] != "running":
            break
        await asyncio.sleep(0.05)
    assert said["state"] == "done", said
    assert said["done"] == said["days"] == 1
    return str(said["report_id"])


@pytest.fixture
async def head(house: House) -> httpx.AsyncClient:
    clinic = house.clinic
    await clinic.import_patients(patient(1), patient(2))
    other = replace(booking(2), practitioner_ref="D-2", practitioner_name="Dr Two")
    await clinic.import_bookings(replace(booking(1), room="7", department="Терапия"), other)
    return await house.as_role(Role.HEAD, account="head")


async def test_a_report_is_made_read_and_taken_along(house: House, head: httpx.AsyncClient) -> None:
    assert (await head.get("/reports/making")).json()["state"] == "none"
    report_id = await made(house, head)
    (entry,) = (await head.get("/reports")).json()["items"]
    assert (entry["report_id"], entry["revision"], entry["state"]) == (report_id, 1, "preliminary")
    said = (await head.get(f"/reports/{report_id}")).json()
    assert said["digest"] == entry["digest"]
    total = said["report"]["total"]["appointments"]
    day = said["report"]["period"]["first"]
    rows = (
        await head.get(f"/reports/{report_id}/rows?day={day}&limit=200&kind=appointment")
    ).json()
    assert len(rows["items"]) == total > 0
    few = (await head.get(f"/reports/{report_id}/rows?day={day}&verdict=verified")).json()["items"]
    assert all(one["verdict"] == "verified" for one in few)
    other = f"/reports/{report_id}/rows?day=1999-01-01"
    assert (await head.get(other)).status_code == 404
    for form, begin in (("pdf", b"%PDF"), ("xlsx", b"PK"), ("html", b"<!doctype"), ("json", b"{")):
        file = await head.get(f"/reports/{report_id}/file?format={form}&language=ru")
        assert file.status_code == 200
        assert file.content.startswith(begin)
        assert f'.{form}"' in file.headers["content-disposition"]
    lines = (await head.get(f"/reports/{report_id}/file?format=csv")).text.lstrip("\ufeff")
    assert sum(one["kind"] == "appointment" for one in csv.DictReader(io.StringIO(lines))) == total
    right = await head.get(f"/reports/{report_id}/verification?digest={said['digest']}")
    wrong = await head.get(f"/reports/{report_id}/verification?digest={'0' * 64}")
    assert (right.json(), wrong.json()) == ({"sound": True}, {"sound": False})
    nothing = await head.get("/reports/00000000-0000-4000-8000-000000000000")
    assert nothing.status_code == 404
    # Every reading and every file is on record.
    assert await house.audited("export") >= 5
    assert await house.audited("report") >= 5


async def test_a_future_a_turned_round_and_a_second_making_are_refused(
    house: House, head: httpx.AsyncClient
) -> None:
    now = house.clinic.clock.now()
    ahead = (now + timedelta(days=9)).date().isoformat()
    today = now.date().isoformat()
    for days in ({"from": ahead, "to": ahead}, {"from": ahead, "to": today}):
        assert (await head.post("/reports", json=days)).status_code == 422
    first = await head.post("/reports", json={"from": today, "to": today})
    second = await head.post("/reports", json={"from": today, "to": today})
    assert (first.status_code, second.status_code) == (202, 409)


async def test_each_role_sees_what_is_theirs(house: House, head: httpx.AsyncClient) -> None:
    report_id = await made(house, head)
    whole = (await head.get(f"/reports/{report_id}")).json()["report"]
    own = whole["practitioners"][0]["scope"]["value"]
    day = whole["period"]["first"]
    auditor = await house.as_role(Role.AUDITOR)
    assert (await auditor.get(f"/reports/{report_id}")).json()["report"] == whole
    assert (await auditor.post("/reports", json={"from": day, "to": day})).status_code == 403
    assert (await auditor.get("/reports/making")).status_code == 403

    doctor = await house.as_role(Role.PRACTITIONER, account="doctor", practitioner_refs=[own])
    (entry,) = (await doctor.get("/reports")).json()["items"]
    assert (entry["appointments"], entry["unverified"], entry["made_by"]) == (None, None, None)
    mine = (await doctor.get(f"/reports/{report_id}")).json()
    assert mine["report"]["scope"] == {"kind": "practitioner", "value": own}
    assert [one["scope"]["value"] for one in mine["report"]["practitioners"]] == [own]
    assert mine["report"]["call_backs"] == []
    rows = (await doctor.get(f"/reports/{report_id}/rows?day={day}&limit=200")).json()["items"]
    assert {one["practitioner_ref"] for one in rows} == {own}
    for path in (f"/reports/{report_id}", f"/reports/{report_id}/rows"):
        for part in ({"practitioner": "somebody-else"}, {"department": "any"}):
            answer = await doctor.get(path, params=part | {"day": day})
            assert answer.status_code == 404
    file = (await doctor.get(f"/reports/{report_id}/file?format=csv")).text.lstrip("\ufeff")
    assert {one["practitioner_ref"] for one in csv.DictReader(io.StringIO(file))} == {own}
    nobody = await house.as_role(Role.PRACTITIONER, account="nobody")
    assert (await nobody.get(f"/reports/{report_id}")).status_code == 404

    for role in (Role.RECEPTION, Role.REVIEWER, Role.OPERATOR, Role.DPO, Role.ADMIN):
        other = await house.as_role(role, account=role.value)
        assert (await other.get("/reports")).status_code == 403


async def test_an_insurer_counts_and_knows_nobody(house: House, head: httpx.AsyncClient) -> None:
    report_id = await made(house, head)
    whole = (await head.get(f"/reports/{report_id}")).json()["report"]
    day = whole["period"]["first"]
    insurer = await house.as_role(Role.INSURER, account="insurer")
    said = (await insurer.get(f"/reports/{report_id}")).json()
    assert said["pseudonymous"] is True
    assert said["report"]["total"] == whole["total"]
    assert said["report"]["departments"] == said["report"]["call_backs"] == []
    known = {one["scope"]["value"] for one in whole["practitioners"]}
    assert all(one["name"] is None for one in said["report"]["practitioners"])
    assert not known & {one["scope"]["value"] for one in said["report"]["practitioners"]}
    refused = await insurer.get(f"/reports/{report_id}?practitioner={min(known)}")
    assert refused.status_code == 403
    # Nobody has agreed that the payer is told: nobody's rows are.
    rows = f"/reports/{report_id}/rows?day={day}&limit=200"
    assert (await insurer.get(rows)).json()["items"] == []
    every = (await head.get(rows)).json()["items"]
    agreed = every[0]["patient_id"]
    statement = "SELECT patient_ref FROM patients WHERE patient_id = $1"
    (ref,) = await house.clinic.row(statement, UUID(agreed))
    await house.clinic.consent(consent(ref, "C-9", ConsentPurpose.PAYER_EVIDENCE))
    told = (await insurer.get(rows)).json()["items"]
    assert len(told) == sum(one["patient_id"] == agreed for one in every) > 0
    secret = {one[name] for one in every for name in ("ref", "patient_id", "practitioner_ref")}
    text = json.dumps(told)
    assert not any(f'"{one}"' in text for one in secret)
    file = await insurer.get(f"/reports/{report_id}/file?format=csv")
    assert len(file.text.splitlines()) - 1 == len(told)
    assert not any(f",{one}," in file.text for one in secret)
    for form in ("html", "json"):
        file = await insurer.get(f"/reports/{report_id}/file?format={form}&language=en")
        assert not any(f'"{one}"' in file.text or f">{one}<" in file.text for one in secret)


async def test_pages_lead_from_a_total_to_one_rows_evidence(
    house: House, head: httpx.AsyncClient
) -> None:
    report_id = await made(house, head)
    base = house.api.url
    russian = {"Accept": "text/html", "Accept-Language": "ru"}

    async def page(path: str, client: httpx.AsyncClient = head) -> str:
        answer = await client.get(f"{base}{path.replace('&amp;', '&')}", headers=russian)
        assert answer.status_code == 200, answer.text
        assert "style-src 'self'" in answer.headers.get(
            "content-security-policy", "style-src 'self'"
        )
        return answer.text

    listed = await page("/reports")
    assert f'href="/reports/{report_id}?revision=1"' in listed
    assert 'id="make"' in listed
    whole = await page(f"/reports/{report_id}")
    assert "Отсутствие лица не является доказательством мошенничества." in whole
    assert "<style" not in whole
    assert " style=" not in whole
    # Total, department, day, row, evidence.
    (part,) = {
        one
        for one in links(whole)
        if "department=" in one and "?" in one and "/rows" not in one and "/file" not in one
    }
    of_part = await page(part)
    (day,) = {
        one for one in links(of_part) if "/rows?" in one and "day=" in one and "kind=" not in one
    }
    assert "department=" in day
    rows = await page(day)
    (one,) = {link for link in links(rows) if "ref=A-1" in link}
    assert "D-2" not in rows
    evidence = await page(one)
    assert "Dr One (D-1)" in evidence
    assert "A-1" in evidence
    assert "text/css" in (await head.get(f"{base}/reports/style.css")).headers["content-type"]
    # Each total leads to as many rows as it says.
    counted = 0
    for text in (whole, of_part):
        for link, count in re.findall(r'href="([^"]+/rows\?[^"]+)">([0-9]+)</a>', text):
            shown = await page(link)
            assert shown.count("<tr>") - 1 == int(count), (link, count)
            counted += 1
    assert counted > 10
    gone = await head.get(f"{base}{day}&ref=nothing".replace("&amp;", "&"), headers=russian)
    assert gone.status_code == 404

    doctor = await house.as_role(Role.PRACTITIONER, account="doctor", practitioner_refs=["D-1"])
    assert 'id="make"' not in await page("/reports", doctor)
    mine = await page(f"/reports/{report_id}", doctor)
    assert "Dr One" in mine
    assert "Dr Two" not in mine
    insurer = await house.as_role(Role.INSURER, account="insurer")
    hidden = await page(f"/reports/{report_id}", insurer)
    assert "Dr One" not in hidden
    assert "D-1" not in hidden


def links(text: str) -> list[str]:
    return re.findall(r'href="([^"]+)"', text)
