"""Who is affected by a breach: by the key, the database, a camera, an account."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from streamer.domain.actor import Actor
from streamer.domain.audit_event import AuditAction, AuditEvent, AuditKind
from streamer.domain.incident import Breach, IncidentFacts, Scope
from streamer.storage.audit import append
from streamer.storage.incident_facts import IncidentRecords
from tests.integration.storage.clinic import CHECK_IN, NOW, SITE, ZONE, Clinic, patient
from tests.integration.storage.test_patient_rights import erasure

HOUR = timedelta(hours=1)
SOON = NOW + HOUR


def scope(*what: Breach, cameras: tuple[str, ...] = ()) -> Scope:
    return Scope(NOW - HOUR, NOW + HOUR, SOON, what, cameras)


async def facts(clinic: Clinic, which: Scope) -> IncidentFacts:
    base = clinic.database
    records = IncidentRecords(base.postgres, base.vault, SITE.id, SITE.name, ZONE)
    return await records.facts(which, "aigul", SOON)


def refs(found: IncidentFacts) -> list[str]:
    return [one.patient_ref for one in found.affected]


async def looked(clinic: Clinic, actor: str, number: int) -> None:
    _, patient_id = await clinic.ids(number)
    event = AuditEvent(AuditKind.PATIENT_READ, AuditAction.READ, actor, NOW, patient_id=patient_id)
    async with clinic.database.postgres.transaction() as connection:
        await append(connection, SITE.id, [event])


async def test_the_key_affects_everybody_who_was_there(clinic: Clinic) -> None:
    for number in (1, 2, 3):
        await clinic.expect(number)
    await clinic.consents().withdraw("P-2", (CHECK_IN,), Actor("aigul"), NOW)
    clinic.clock.advance(2 * 3600)
    await clinic.import_patients(patient(4))
    found = await facts(clinic, scope(Breach.KEYS, Breach.DATABASE))
    assert refs(found) == ["P-1", "P-2", "P-3"]
    assert found.by_breach == {Breach.KEYS: 3, Breach.DATABASE: 3}
    assert all(one.had_template for one in found.affected)
    assert found.affected[0].why == (Breach.KEYS, Breach.DATABASE)


async def test_who_was_erased_since_is_counted_and_cannot_be_told(clinic: Clinic) -> None:
    for number in (1, 2):
        await clinic.expect(number)
    await erasure(clinic).erase("P-1", "letter", Actor("aigul"), NOW + 2 * HOUR)
    found = await facts(clinic, scope(Breach.DATABASE))
    assert (refs(found), found.erased) == (["P-2"], 1)
    # Erased while it went on, and retention has deleted the row by now; long before it: nobody's.
    for number, at in ((3, NOW), (4, NOW - 2 * HOUR)):
        await clinic.import_patients(patient(number))
        await erasure(clinic).erase(f"P-{number}", "letter", Actor("aigul"), at)
    await clinic.execute(
        "DELETE FROM patients WHERE patient_ref LIKE 'erased-%' AND erased_at <= $1", NOW
    )
    found = await facts(clinic, scope(Breach.DATABASE))
    assert (refs(found), found.erased) == (["P-2"], 2)


async def test_a_camera_affects_whom_it_saw(clinic: Clinic) -> None:
    for number in (1, 2):
        await clinic.expect(number)
    await clinic.check_ins().record(await clinic.proposal(1))
    assert refs(await facts(clinic, scope(Breach.CAMERA))) == ["P-1"]
    assert refs(await facts(clinic, scope(Breach.CAMERA, cameras=("lobby-1",)))) == ["P-1"]
    assert refs(await facts(clinic, scope(Breach.CAMERA, cameras=("door-2",)))) == []


async def test_an_account_affects_whom_it_looked_at(clinic: Clinic) -> None:
    for number in (1, 2, 3):
        await clinic.expect(number)
    await looked(clinic, "botagoz", 1)
    await looked(clinic, "Botagoz (through root)", 2)
    await looked(clinic, "b_tagoz", 3)
    # The chain says when it was recorded, which is now and not the clinic's day.
    now = datetime.now(UTC)
    which = Scope(now - HOUR, now + HOUR, now, (Breach.ACCOUNT,), accounts=("botagoz",))
    found = await facts(clinic, which)
    assert refs(found) == ["P-1", "P-2"]
    by_account = {(one.actor, one.kind): one.patients for one in found.accesses}
    assert by_account["botagoz", "patient-read"] == 1
    through = replace(which, accounts=("root",))
    assert refs(await facts(clinic, through)) == ["P-2"]


async def test_a_child_is_told_through_its_guardians(clinic: Clinic) -> None:
    child = replace(patient(1), birth_date=date(2015, 1, 1), guardian_refs=("P-2",), phone="+7701")
    parent = replace(patient(2), birth_date=date(1980, 1, 1), phone="+77011234567")
    await clinic.import_patients(child, parent)
    found = await facts(clinic, scope(Breach.DATABASE))
    one, other = found.affected
    assert (one.minor, one.contacts) == (True, (("Full Name 2", "+77011234567"),))
    assert (other.minor, other.contacts) == (False, ())


async def test_that_it_was_asked_is_on_record(clinic: Clinic) -> None:
    await clinic.expect(1)
    found = await facts(clinic, scope(Breach.DATABASE))
    row = await clinic.row(
        "SELECT actor, body ->> 'entity_id', body -> 'detail' ->> 'affected' FROM audit_events "
        "WHERE kind = 'incident-report'"
    )
    assert row == ("aigul", str(found.incident_id), "1")
