"""What somebody with an account, or none, may try; over every route there is.

The requests are made of the OpenAPI document: a route that is added is tried as well.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from config.settings import Database as Limits
from config.settings import Site
from streamer.domain.actor import SERVICE
from streamer.domain.role import Role
from streamer.storage.appointments_import import AppointmentsImport
from streamer.storage.database import open_database
from streamer.storage.database_role import DatabaseRole
from streamer.storage.patients_import import PatientsImport
from streamer.storage.schedules import ScheduleCache
from streamer.storage.site_logins import serve_site
from tests.integration.storage.clinic import ZONE, Clinic, booking, patient
from tests.integration.web.described import Sample, document_of, samples, strings_of
from tests.integration.web.house import House
from tests.integration.web.test_devices import Tablet, tablet  # noqa: F401  a fixture
from tests.route_classes import ELSEWHERE
from tests.servers import as_role

OTHER = Site(id="other-1", name="Polyclinic No. 2", time_zone="Asia/Almaty")
# What may never be seen of the other site.
THEIRS = ("P-77", "A-77", "Full Name 77", "D-77")
ANYBODY = [one for one in Role if one is not Role.INSURER]
# Free text, which is kept as it is; and a code, which is refused by saying so.
TEXTS = ("reason", "document_ref", "code", "full_name", "payer")
SQL = ("' OR '1'='1", "x');DROP/**/TABLE/**/patients;--", "%", "\x00")


@dataclass
class Street:
    """Our site with P-1, P-2 and their appointments; next door P-77."""

    house: House
    document: dict[str, Any]

    async def everybody(self) -> httpx.AsyncClient:
        return await self.house.as_role(*ANYBODY, account="everybody")


@pytest.fixture
async def street(house: House, migrated_url: str, tmp_path: Path) -> Street:
    clinic = house.clinic
    await clinic.import_patients(patient(1), patient(2))
    await clinic.import_bookings(booking(1), booking(2))
    # One login for both: what keeps them apart is which site the service names, nothing else.
    owner_url = as_role(migrated_url, DatabaseRole.OWNER)
    await serve_site(owner_url, OTHER, {DatabaseRole.SERVICE: migrated_url}, several=True)
    async with open_database(migrated_url, Limits(), OTHER, tmp_path / "kirdi.key") as theirs:
        await next_door(theirs, clinic)
    return Street(house, await document_of(house))


async def next_door(theirs: Any, clinic: Clinic) -> None:
    now = clinic.clock.now()
    patients = PatientsImport(
        theirs.postgres, theirs.vault, theirs.keyed_hash, OTHER.id, clinic.eraser()
    )
    await patients.run([patient(77)], now)
    schedules = ScheduleCache(theirs.postgres, None, OTHER.id, ZONE, clinic.clock)
    bookings = AppointmentsImport(theirs.postgres, OTHER.id, ZONE, schedules)
    await bookings.run([replace(booking(77), practitioner_ref="D-77")], now)
    async with theirs.postgres.transaction() as connection:
        await connection.execute(
            "INSERT INTO erasures (erasure_id, site_id, patient_id, reason, erased_by, erased_at, "
            "templates, renewed_key, backups_clean_by) SELECT $1, $2, patient_id, 'withdrawn', $3, "
            "$4, 1, false, $4 FROM patients WHERE patient_ref = 'P-77'",
            RECEIPT,
            OTHER.id,
            SERVICE.name,
            now,
        )


RECEIPT = "00000000-0000-4000-8000-000000000077"
NEXT_DOOR = {
    "patient_ref": "P-77",
    "appointment_ref": "A-77",
    "practitioner_ref": "D-77",
    "erasure_id": RECEIPT,
}


async def send(client: httpx.AsyncClient, one: Sample, **more: Any) -> httpx.Response:
    if one.form and "data" not in more:
        ref = more.pop("patient_ref", "P-1")
        photos = [("photos", ("1.png", b"nothing"))]
        return await client.request(
            one.method, one.path, data={"patient_ref": ref}, files=photos, **more
        )
    if one.json is not None and not {"json", "content"} & more.keys():
        more["json"] = one.json
    return await client.request(one.method, one.path, **more)


def of_the_clinic(street: Street, known: dict[str, str] | None = None) -> list[Sample]:
    """What the walk is for: all but what is attacked elsewhere."""
    return [one for one in samples(street.document, known) if one.name not in ELSEWHERE]


async def rows_of(street: Street) -> tuple[int, ...]:
    tables = ("patients", "appointments", "check_ins", "consents", "codes", "sites")
    return tuple([await street.house.clinic.count(one) for one in tables])


async def test_another_sites_things_are_not_there_for_any_role(street: Street) -> None:
    before = await rows_of(street)
    for role in Role:
        refs = ["D-77"] if role is Role.PRACTITIONER else []
        client = await street.house.as_role(role, account=f"a-{role}", practitioner_refs=refs)
        for one in of_the_clinic(street, NEXT_DOOR):
            # What is imported is ours from then on, whatever it is called elsewhere.
            if one.name != "POST /api/v1/patients/import":
                await try_theirs(client, one)
    assert await rows_of(street) == before


async def try_theirs(client: httpx.AsyncClient, one: Sample) -> None:
    """Ask for the other site's things in every place of a request."""
    answer = await send(client, one, **({"patient_ref": "P-77"} if one.form else {}))
    names = {*one.path_values, *(one.json or {}), *one.form_fields}
    if names & NEXT_DOOR.keys():
        assert answer.status_code in (403, 404), (one.name, answer.text)
    refuse_theirs(one, answer)
    for name in one.query:
        if name in NEXT_DOOR:
            filtered = await send(client, one, params={name: NEXT_DOOR[name]})
            assert filtered.json().get("items", []) == [], one.name
            refuse_theirs(one, filtered)


def refuse_theirs(one: Sample, answer: httpx.Response) -> None:
    if answer.is_success:
        # Whose appointments an account bills is said here, and proves nothing of next door.
        ours = ("D-77",) if one.path.startswith("/accounts") else ()
        for word in set(THEIRS) - set(ours):
            assert word not in answer.text, (one.name, answer.text)


@pytest.mark.long
async def test_sql_in_every_field_is_only_text(street: Street) -> None:
    client = await street.everybody()
    before = await rows_of(street)
    for one in of_the_clinic(street):
        for text in SQL:
            for name in one.query:
                answer = await send(client, one, params={name: text})
                assert answer.status_code < 500, (one.name, name, text, answer.text)
                if answer.is_success and "items" in answer.json():
                    assert answer.json()["items"] == [], (one.name, name, text)
            for name in one.path_values:
                spoiled = replace(one, path_values=one.path_values | {name: text})
                spoiled.path_values[name] = quote(text, safe="")
                answer = await send(client, spoiled)
                assert answer.status_code in (404, 405, 422), (one.name, name, answer.text)
            for name, body in strings_of(one, text):
                if (one.name, name) == ("POST /api/v1/patients/import", "patient_ref"):
                    # There would be such a patient from then on: see below.
                    continue
                answer = await send(client, one, json=body)
                # A code is hashed, whatever it is; everything else that is kept holds no NUL.
                # A second address alone is not looked at.
                fits = name in ("code", "view_url") or (name in TEXTS and "\x00" not in text)
                kept = fits and answer.is_success
                assert 400 <= answer.status_code < 500 or kept, (one.name, name, answer.text)
            if text.isprintable():
                answer = await send(client, one, headers={"Idempotency-Key": text})
                assert answer.status_code < 500, (one.name, answer.text)
    assert (await rows_of(street))[0] == before[0]
    assert (await rows_of(street))[-1] == before[-1]
    for ref in ("x');DROP/**/TABLE/**/patients;--", "%"):
        row = {"patient_ref": ref, "full_name": "One More"}
        made = await client.post("/patients/import", json={"patients": [row]})
        assert made.json()["created"] == 1
        (found,) = (await client.get("/patients", params={"patient_ref": ref})).json()["items"]
        assert found["patient_ref"] == ref
    assert (await rows_of(street))[0] == before[0] + 2


async def test_sql_at_a_kiosk_is_only_a_wrong_code(
    street: Street,
    tablet: Tablet,  # noqa: F811
) -> None:
    """The walk is refused there: a kiosk's routes are a device's."""
    client, before, tried = await tablet(), await rows_of(street), 0
    for one in of_the_clinic(street):
        if one.path.startswith("/kiosk/"):
            for text in SQL:
                for name, body in strings_of(one, text):
                    answer = await client.request(one.method, one.path, json=body)
                    told = answer.json().get("state", "refused")
                    assert answer.status_code < 500, (one.name, name, answer.text)
                    assert told in ("refused", "wait", "away"), (one.name, name, answer.text)
                    tried += 1
    assert tried >= 8
    assert await rows_of(street) == before


async def test_rows_of_others_are_not_there_for_those_who_see_their_own(street: Street) -> None:
    """Within the site: a practitioner and the patient of another one; an insurer and everybody."""
    other = replace(booking(2), practitioner_ref="D-2", practitioner_name="Dr Two")
    await street.house.clinic.import_bookings(other)
    known = {"patient_ref": "P-2", "appointment_ref": "A-2", "practitioner_ref": "D-2"}
    doctor = await street.house.as_role(
        Role.PRACTITIONER, account="doctor", practitioner_refs=["D-1"]
    )
    insurer = await street.house.as_role(Role.INSURER, account="fund")
    for client in (doctor, insurer):
        for one in of_the_clinic(street, known):
            asked = [{}, *({name: known[name]} for name in one.query if name in known)]
            for params in asked:
                answer = await send(client, one, params=params)
                if answer.is_success:
                    for word in ("P-2", "A-2", "D-2", "Full Name 2", "Dr Two"):
                        assert word not in answer.text, (one.name, params, answer.text)
                elif known.keys() & (one.path_values.keys() | params.keys()):
                    assert answer.status_code in (403, 404), (one.name, params, answer.text)


async def test_what_nobody_knows_is_not_taken(street: Street) -> None:
    client = await street.everybody()
    more = {"site_id": OTHER.id, "decided_by": "director", "evidence": "face", "roles": ["admin"]}
    for one in of_the_clinic(street):
        # Those at kiosks are refused to everybody else: see `test_devices`.
        if one.json is None or one.path.startswith("/kiosk/"):
            continue
        for name, value in more.items():
            if name in one.json:
                continue
            answer = await send(client, one, json=one.json | {name: value})
            assert answer.status_code == 422, (one.name, name, answer.text)
            assert "extra_forbidden" in answer.text, (one.name, name, answer.text)


async def test_other_kinds_of_bodies_are_refused(street: Street) -> None:
    client = await street.everybody()
    for one in of_the_clinic(street):
        if one.json is None and not one.form:
            continue
        for kind, content in (
            ("text/plain", b'{"patient_ref": "P-1"}'),
            ("application/xml", b"<patient/>"),
            ("application/x-www-form-urlencoded", b"patient_ref=P-1"),
            ("application/json", b"\xff\xfe{"),
            ("application/json", b"[" * 5000),
            ("application/json", b'"text"'),
            ("multipart/form-data", b"no boundary"),
            ("multipart/form-data; boundary=x", b"--x\r\nno end"),
        ):
            answer = await client.request(
                one.method, one.path, content=content, headers={"Content-Type": kind}
            )
            assert 400 <= answer.status_code < 500, (one.name, kind, answer.text)
            assert answer.headers["content-type"] == "application/problem+json", (one.name, kind)


async def test_more_than_anybody_needs_is_refused(street: Street) -> None:
    client = await street.everybody()
    large = b"x" * (5 << 20)
    for one in of_the_clinic(street):
        if one.json is None:
            continue
        headers = {"Content-Type": "application/json"}
        answer = await client.request(one.method, one.path, content=large, headers=headers)
        assert answer.status_code == 413, (one.name, answer.text)
    far = await client.get("/patients", params={"patient_ref": "P" * 4000})
    assert far.status_code == 422
    many = await client.get("/patients", params={"limit": 1_000_000})
    assert many.status_code == 422


async def test_paths_lead_nowhere_else(street: Street) -> None:
    client = await street.everybody()
    for path in (
        "/../../etc/passwd",
        "/patients/..%2f..%2f..%2fetc%2fpasswd",
        "/patients/%2e%2e/%2e%2e/etc/passwd",
        "/cameras/..%2f..%2fcameras.yaml",
        "/reviews/..%2f..%2f/crop",
        "//etc/passwd",
    ):
        answer = await client.get(path)
        assert answer.status_code in (404, 405, 422), (path, answer.text)
        assert "root:" not in answer.text
        assert answer.headers["content-type"] == "application/problem+json"


async def test_other_methods_are_problems_too(street: Street) -> None:
    client = await street.everybody()
    for path in {one.path for one in of_the_clinic(street)}:
        answer = await client.request("PROPFIND", path)
        assert answer.status_code in (404, 405), path
        assert answer.headers["content-type"] == "application/problem+json"
