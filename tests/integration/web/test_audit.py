"""The audit through the API: read, in parts, and verified."""

from streamer.domain.role import Role
from tests.integration.storage.clinic import booking, patient
from tests.integration.web.house import House

# The database's clock says when an event was recorded.
ALWAYS = {"from": "2020-01-01", "to": "2199-12-31"}


async def test_what_was_done_is_listed_the_newest_first(house: House) -> None:
    await house.clinic.import_patients(patient(1))
    await house.clinic.import_bookings(booking(1))
    reception = await house.as_role(Role.RECEPTION)
    await reception.get("/patients/P-1")
    await reception.post("/check-ins", json={"appointment_ref": "A-1", "reason": "by hand"})
    operator = await house.as_role(Role.OPERATOR, account="op")
    await operator.post("/cameras", json={"camera_id": "back-1", "url": "rtsp://a:geheim@b/"})
    auditor = await house.as_role(Role.AUDITOR, account="auditor")
    answer = await auditor.get("/audit/events", params=ALWAYS)
    events = answer.json()["items"]
    times = [one["recorded_at"] for one in events]
    assert times == sorted(times, reverse=True)
    did = {(one["actor"], one["kind"]) for one in events}
    assert {
        ("aigul", "patient-read"),
        ("aigul", "decision"),
        ("op", "settings-change"),
        ("auditor", "audit-read"),
    } <= did
    for word in ("Full Name", "geheim"):
        assert word not in answer.text
    of_one = await auditor.get("/audit/events", params=ALWAYS | {"patient_ref": "P-1"})
    assert of_one.json()["items"]
    had: list[tuple[int, int]] = []
    params: dict[str, str | int] = {**ALWAYS, "limit": 2, "actor": "aigul"}
    while True:
        page = (await auditor.get("/audit/events", params=params)).json()
        had += [(one["lane"], one["sequence"]) for one in page["items"]]
        if page["next"] is None:
            break
        params["cursor"] = page["next"]
    assert len(had) == len(set(had)) == len([one for one in events if one["actor"] == "aigul"])


async def test_the_audit_is_verified(house: House) -> None:
    auditor = await house.as_role(Role.AUDITOR, account="auditor")
    sound = (await auditor.get("/audit/verification")).json()
    assert (sound["sound"], sound["findings"]) == (True, [])
    await house.clinic.execute("ALTER TABLE audit_events DISABLE TRIGGER USER")
    try:
        await house.clinic.execute("DELETE FROM audit_events WHERE kind = 'audit-read'")
        found = (await auditor.get("/audit/verification")).json()
    finally:
        await house.clinic.execute("ALTER TABLE audit_events ENABLE TRIGGER USER")
    assert found["sound"] is False
    assert found["findings"]


async def test_days_that_go_backwards_are_refused(house: House) -> None:
    auditor = await house.as_role(Role.AUDITOR, account="auditor")
    answer = await auditor.get("/audit/events", params={"from": "2026-11-02", "to": "2026-11-01"})
    assert answer.status_code == 422
