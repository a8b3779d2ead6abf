"""Each act leaves its event, in its own transaction and without a word that could tell a person."""

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from streamer.domain.actor import Actor
from streamer.domain.check_in import Recorded
from streamer.domain.consent import EndReason
from streamer.domain.incident import Breach
from streamer.domain.incident import Scope as Incident
from streamer.domain.patient import Patient
from streamer.domain.review import ReviewDecision
from streamer.domain.sight import Sight
from streamer.domain.site_calibration import SiteCalibration
from streamer.errors import DatabaseError, InputError
from streamer.storage.attempts import Scope
from streamer.storage.audit_chain import KnownHeads
from streamer.storage.audit_log import AuditFilter, AuditLog
from streamer.storage.audit_verification import AuditVerification
from streamer.storage.calibrations import PostgresCalibrations
from streamer.storage.consents_list import ConsentsList
from streamer.storage.database import open_database
from streamer.storage.database_role import DatabaseRole
from streamer.storage.incident_facts import IncidentRecords
from streamer.storage.manual_check_ins import ManualCheckIns
from streamer.storage.patient_files import PatientFiles
from streamer.storage.patients_list import PatientsList
from streamer.storage.site_logins import serve_site
from streamer.storage.undo import PostgresUndo
from tests.integration.storage.clinic import (
    CHECK_IN,
    NOW,
    PACK,
    SITE,
    ZONE,
    Clinic,
    booking,
    consent,
    patient,
    vector,
)
from tests.integration.storage.counter import ASEL, DESK, DINA, Counter
from tests.integration.storage.test_desk import desk_of
from tests.integration.storage.test_remnants import remnants
from tests.integration.storage.test_reviews import record
from tests.servers import as_role

NURSE, DOCTOR = Actor("nina"), Actor("doctor", ("D-1",))
NAME, NUMBER, PHONE = "Ахметова Айгүл", "880101400126", "+77012345678"
REASON = "Ахметова says she never came"
PERSON = Patient(
    patient_ref="P-1",
    full_name=NAME,
    id_type="iin",
    id_number=NUMBER,
    birth_date=date(1988, 1, 1),
    language="kk",
    phone=PHONE,
)

Act = Callable[[Clinic], Awaitable[object]]


async def bodies(clinic: Clinic, kind: str | None = None) -> list[dict[str, Any]]:
    async with clinic.database.postgres.connection() as connection:
        rows = await connection.fetch(
            "SELECT body::text FROM audit_events ORDER BY recorded_at, lane, sequence"
        )
    said = [json.loads(row[0]) for row in rows]
    return [one for one in said if kind in (None, one["kind"])]


async def said(clinic: Clinic, kind: str | None = None) -> list[tuple[str, str, str, str]]:
    return [
        (one["kind"], one["actor"], one["outcome"], one.get("reason", ""))
        for one in await bodies(clinic, kind)
    ]


def undo_of(clinic: Clinic) -> PostgresUndo:
    return PostgresUndo(clinic.database.postgres, clinic.clock, clinic.schedules(), SITE.id, ZONE)


def manual(clinic: Clinic) -> ManualCheckIns:
    return clinic.by_hand()


def calibrations(clinic: Clinic) -> PostgresCalibrations:
    return PostgresCalibrations(clinic.database.postgres, clinic.database.vault, SITE.id, PACK)


async def save(clinic: Clinic, number: int = 1, by: Actor = NURSE, *, seed: int = 1) -> None:
    await clinic.enrolments().save(
        f"P-{number}", "", vector(seed), PACK, 2, NOW, by=by, alike_within=0.5
    )


async def load_gallery(clinic: Clinic) -> int:
    gallery = clinic.gallery()
    keys = await gallery.keys(NOW)
    return len(await gallery.templates(frozenset(key.template_id for key in keys), NOW))


def calibration() -> SiteCalibration:
    return SiteCalibration(PACK, NOW, "nina", "figures", 0.001, 200, 19900, 500, 0, "{}")


async def test_imports_say_how_many(clinic: Clinic) -> None:
    await clinic.import_patients(patient(1), patient(2))
    await clinic.import_bookings(booking(1))
    first, second = await bodies(clinic)
    assert (first["kind"], first["entity_type"], first["actor"]) == ("import", "Patient", "kirdi")
    assert first["detail"] == {"created": 2, "left_out": 0, "unchanged": 0, "updated": 0}
    assert (second["entity_type"], second["detail"]["created"]) == ("Appointment", 1)


async def test_enrolment_and_what_was_read_for_it(clinic: Clinic) -> None:
    await clinic.import_patients(patient(1), patient(2))
    with pytest.raises(InputError, match="consent"):
        await save(clinic)
    for number in (1, 2):
        await clinic.consent(consent(f"P-{number}", f"C-{number}"), NURSE)
    await save(clinic)
    with pytest.raises(InputError, match="already be enrolled"):
        await save(clinic, 2)
    with pytest.raises(InputError, match="unknown"):
        await clinic.enrolments().check("P-9", "", NURSE, NOW)
    assert [one for one in await said(clinic) if one[0] != "import"] == [
        ("enrolment", "nina", "4", "refused"),
        ("consent", "nina", "0", ""),
        ("consent", "nina", "0", ""),
        ("template-read", "nina", "0", "enrolment"),
        ("enrolment", "nina", "0", ""),
        ("template-read", "nina", "0", "enrolment"),
        ("enrolment", "nina", "4", "looks-like-another"),
        ("enrolment", "nina", "4", "refused"),
    ]
    refused, *_, unknown = await bodies(clinic, "enrolment")
    (whose,) = await clinic.row("SELECT patient_id FROM patients WHERE patient_ref = 'P-1'")
    assert refused["patient_id"] == str(whose)
    assert "patient_id" not in unknown
    assert [one["detail"]["templates"] for one in await bodies(clinic, "template-read")] == [0, 1]


async def test_nobody_tries_to_vouch_for_their_own_patients_unseen(clinic: Clinic) -> None:
    _, patient_id = await clinic.expect(1)
    attempts: tuple[Awaitable[object], ...] = (
        clinic.enrolments().check("P-1", "", DOCTOR, NOW),
        clinic.consents().withdraw("P-1", (CHECK_IN,), DOCTOR, NOW),
        manual(clinic).add("A-1", DOCTOR, REASON),
        undo_of(clinic).undo("A-1", DOCTOR, REASON, wrong_person=False),
        clinic.reviews().may_decide(DOCTOR, [patient_id]),
        clinic.reviews().decide([record(patient_id)], (), DOCTOR),
        desk_of(clinic).template("P-1", PACK, DOCTOR),
        Counter(clinic).issue(1, by=DOCTOR),
    )
    for one in attempts:
        with pytest.raises(InputError, match="practitioner D-1"):
            await one
    denied = await bodies(clinic, "access-denied")
    assert [one["detail"]["wanted"] for one in denied] == [
        "enrolment",
        "withdrawal",
        "decision",
        "undo",
        "review",
        "review",
        "template-read",
        "code-issue",
    ]
    assert {(one["actor"], one["outcome"], one["patient_id"]) for one in denied} == {
        ("doctor", "4", str(patient_id))
    }


async def test_a_gallery_says_whose_templates_were_read(clinic: Clinic) -> None:
    ids = [(await clinic.expect(number))[1] for number in (1, 2)]
    assert await load_gallery(clinic) == 2
    (one,) = await bodies(clinic, "template-read")
    assert (one["actor"], one["reason"]) == ("kirdi", "gallery")
    assert set(one["detail"]["patients"].split(",")) == set(map(str, ids))
    log = AuditLog(clinic.database.postgres, SITE.id, clinic.clock)
    # Recorded now, whatever the clinic's clock says.
    wanted = AuditFilter(NOW - timedelta(days=3650), NOW + timedelta(days=3650), patient_ref="P-2")
    found = {one.kind for one in await log.listed(wanted, NURSE)}
    assert "template-read" in found
    assert "audit-read" not in found
    assert (await said(clinic, "audit-read")) == [("audit-read", "nina", "0", "list")]


async def test_a_list_says_whom_it_showed(clinic: Clinic) -> None:
    """Every list of a command, and in pages: who looked, at what, and everybody who was shown."""
    ids = sorted([str((await clinic.expect(number))[1]) for number in (1, 2)])
    day, listing = NOW.astimezone(ZONE).date(), clinic.listing
    base, pages = clinic.database, clinic.pages
    consents = ConsentsList(base.postgres, pages)
    assert len(await listing.appointments(day, NURSE)) == 2
    assert len(await PatientsList(base.postgres, SITE.id, PACK).all(pages, NURSE)) == 2
    assert len(await consents.listed(NURSE)) == 2
    assert len(await consents.listed(NURSE, "P-1")) == 1
    await pages.looked_over(Sight("nina"), "Review", ["P-2", "P-1", "P-1"])
    seen = await bodies(clinic, "patient-read")
    assert {one["actor"] for one in seen} == {"nina"}
    assert [one["entity_type"] for one in seen] == [
        *("Appointment", "Patient", "Consent", "Consent", "Review")
    ]
    (alone,) = (one for one in seen if "patient_id" in one)
    assert (alone["patient_id"] in ids, alone["detail"]) == (True, {"rows": 1})
    for one in seen:
        if one is not alone:
            assert one["detail"] == {"rows": 2, "patients": ",".join(ids)}
    # Nobody was shown: no look.
    assert await listing.check_ins(day, NURSE) == []
    assert await listing.presences(day, NURSE) == []
    assert await listing.codes(day, NURSE) == []
    assert len(await bodies(clinic, "patient-read")) == 5


async def test_whoever_was_listed_finds_it(clinic: Clinic) -> None:
    """In their own file, by name in the audit, and where an account has been misused."""
    await clinic.import_patients(*(patient(number) for number in range(1, 252)))
    await clinic.import_bookings(*(booking(number) for number in range(1, 252)))
    await clinic.listing.appointments(NOW.astimezone(ZONE).date(), NURSE)
    assert sorted(
        len(one["detail"]["patients"].split(",")) for one in await bodies(clinic, "patient-read")
    ) == [51, 200]
    base = clinic.database
    file = await PatientFiles(base.postgres, base.vault, SITE.id, SITE.name).read("P-7", "dpo", NOW)
    assert [(one.actor, one.entity_type) for one in file.accesses] == [("nina", "Appointment")]
    always = (NOW - timedelta(days=3650), NOW + timedelta(days=3650))
    records = IncidentRecords(base.postgres, base.vault, SITE.id, SITE.name, ZONE)
    facts = await records.facts(
        Incident(*always, NOW, (Breach.ACCOUNT,), accounts=("nina",)), "dpo", NOW
    )
    assert len(facts.affected) == 251
    (access,) = (one for one in facts.accesses if one.actor == "nina")
    assert (access.events, access.patients) == (2, 251)


async def test_a_large_gallery_takes_few_events(clinic: Clinic) -> None:
    await clinic.import_patients(*(patient(number) for number in range(1, 151)))
    await clinic.import_bookings(*(booking(number) for number in range(1, 151)))
    for number in range(1, 151):
        await clinic.enrol(number)
    assert await load_gallery(clinic) == 150
    counts = [one["detail"]["templates"] for one in await bodies(clinic, "template-read")]
    assert sorted(counts) == [50, 100]
    assert await load_gallery(clinic) == 150


async def test_the_desk_leaves_both_records(clinic: Clinic) -> None:
    _, patient_id = await clinic.expect(1)
    await desk_of(clinic).template("P-1", PACK, NURSE)
    assert await clinic.row("SELECT purpose, patient_id, templates FROM template_reads") == (
        "desk",
        patient_id,
        1,
    )
    assert await said(clinic, "template-read") == [("template-read", "nina", "0", "desk")]


async def test_a_check_in_written_and_refused_and_undone(clinic: Clinic) -> None:
    await clinic.expect(1)
    proposal = await clinic.proposal(1)
    check_ins = clinic.check_ins()
    assert await check_ins.record(proposal) is Recorded.WRITTEN
    assert await check_ins.record(proposal) is Recorded.DUPLICATE
    await undo_of(clinic).undo("A-1", NURSE, REASON, wrong_person=True)
    assert await check_ins.record(replace(proposal, event_id=uuid4())) is Recorded.REFUSED_BLOCKED
    await manual(clinic).add("A-1", NURSE, REASON)
    with pytest.raises(InputError, match="checked in already"):
        await manual(clinic).add("A-1", NURSE, REASON)
    assert [one for one in await said(clinic) if one[0] in ("decision", "undo")] == [
        ("decision", "kirdi", "0", "written"),
        ("undo", "nina", "0", "wrong-person"),
        ("decision", "kirdi", "4", "refused_blocked"),
        ("decision", "nina", "0", "written"),
    ]
    first = (await bodies(clinic, "decision"))[0]
    assert first["entity_id"] == str(proposal.appointment_id)
    assert first["detail"]["check_in"] == str(proposal.event_id)
    assert (first["detail"]["score"], first["detail"]["camera"]) == (0.75, "lobby-1")


async def test_a_review_decided_twice_is_one_event(clinic: Clinic) -> None:
    _, patient_id = await clinic.expect(1)
    made = record(patient_id, ReviewDecision.REJECTED)
    for _ in range(2):
        await clinic.reviews().decide([made], (), Actor("aigul"))
    (one,) = await bodies(clinic, "review")
    assert (one["reason"], one["entity_id"]) == ("rejected", str(made.review_id))


async def test_a_withdrawal_an_expiry_and_the_erasures(clinic: Clinic) -> None:
    for number in (1, 2):
        await clinic.expect(number)
    await clinic.consents().withdraw("P-1", (CHECK_IN,), NURSE, NOW, EndReason.WITHDRAWN)
    clinic.clock.advance(366 * 24 * 3600)
    assert await clinic.consents().end_due(clinic.clock.now()) == 1
    await remnants(clinic).destroy(log_too=False)
    assert await said(clinic, "withdrawal") == [
        ("withdrawal", "nina", "0", "withdrawn"),
        ("withdrawal", "kirdi", "0", "expired"),
    ]
    assert await said(clinic, "erasure") == [
        ("erasure", "nina", "0", "withdrawn"),
        ("erasure", "kirdi", "0", "expired"),
        ("erasure", "kirdi", "0", "files-are-clean"),
        ("erasure", "kirdi", "0", "files-are-clean"),
    ]


async def test_codes_issued_tried_and_redeemed(clinic: Clinic) -> None:
    counter = Counter(clinic)
    await counter.expect(1)
    issued = await counter.issue(1)
    await counter.redeem("000000" if issued.secret != "000000" else "000001")
    await counter.redeem(issued.secret, by=[ASEL])
    await counter.redeem(issued.secret)
    await counter.redeem(issued.secret)
    await counter.attempts.forgive(Scope.DEVICE, DESK.device_id, DINA, NOW)
    assert [one for one in await said(clinic) if one[0].startswith("code")] == [
        ("code-issue", "asel", "0", ""),
        ("code-attempt", "dina", "4", "unknown"),
        ("code-attempt", "asel", "4", "its-issuer-redeems-it"),
        ("code-attempt", "dina", "0", "arrived"),
        ("code-attempt", "dina", "4", "unknown"),
        ("code-attempt", "dina", "0", "forgiven"),
    ]
    good = (await bodies(clinic, "code-attempt"))[2]
    assert good["detail"] == {"code": str(issued.code_id), "grade": "desk_code"}


async def test_a_code_that_could_not_be_sent_is_taken_back_on_record(clinic: Clinic) -> None:
    counter = Counter(clinic)
    await counter.family()
    counter.messenger.away = True
    with pytest.raises(Exception, match="revoked"):
        await counter.issue(1, send=True)
    assert [(one["action"], one.get("reason")) for one in await bodies(clinic, "code-issue")] == [
        ("C", None),
        ("D", "not-sent"),
    ]


async def test_a_calibration_and_what_was_read_for_it(clinic: Clinic) -> None:
    await clinic.expect(1)
    await calibrations(clinic).templates(NOW, NURSE)
    await calibrations(clinic).save(calibration())
    assert (await said(clinic))[-2:] == [
        ("template-read", "nina", "0", "calibration"),
        ("settings-change", "nina", "0", ""),
    ]


async def _prepared(clinic: Clinic) -> None:
    """Patient 1 expected, 2 consenting, 3 nobody yet."""
    await clinic.expect(1)
    await clinic.import_patients(patient(2), patient(3))
    await clinic.consent(consent("P-2", "C-2"))


async def _import(clinic: Clinic) -> None:
    await clinic.import_patients(patient(4))


async def _book(clinic: Clinic) -> None:
    await clinic.import_bookings(booking(2))


async def _withdraw(clinic: Clinic) -> None:
    await clinic.consents().withdraw("P-1", (CHECK_IN,), NURSE, NOW)


async def _consent(clinic: Clinic) -> None:
    await clinic.consent(consent("P-3", "C-3"))


async def _check_in(clinic: Clinic) -> None:
    await clinic.check_ins().record(await clinic.proposal(1))


async def _by_hand(clinic: Clinic) -> None:
    await manual(clinic).add("A-1", NURSE, REASON)


async def _review(clinic: Clinic) -> None:
    _, patient_id = await clinic.ids(1)
    await clinic.reviews().decide([record(patient_id)], [], Actor("aigul"))


async def _issue(clinic: Clinic) -> None:
    await Counter(clinic).issue(1)


async def _fail(clinic: Clinic) -> None:
    await Counter(clinic).redeem("000000")


async def _compare(clinic: Clinic) -> None:
    await desk_of(clinic).template("P-1", PACK, NURSE)


async def _calibrate(clinic: Clinic) -> None:
    await calibrations(clinic).save(calibration())


async def _enrol(clinic: Clinic) -> None:
    await save(clinic, 2, seed=2)


ACTS: tuple[Act, ...] = (
    _import,
    _book,
    _enrol,
    _withdraw,
    _consent,
    _check_in,
    _by_hand,
    _review,
    _issue,
    _fail,
    _compare,
    load_gallery,
    _calibrate,
)


async def test_nothing_is_done_that_cannot_be_recorded(clinic: Clinic) -> None:
    """Every act fails as a whole where the audit cannot take its event."""
    await _prepared(clinic)
    await clinic.execute("ALTER TABLE audit_lanes DISABLE TRIGGER USER")
    await clinic.execute("DELETE FROM audit_lanes")
    before = await _everything(clinic)
    try:
        for act in ACTS:
            with pytest.raises(DatabaseError):
                await act(clinic)
            after = await _everything(clinic)
            # The attempt at the device is counted before it is evaluated, whatever becomes of it.
            assert {**after, "attempts": ""} == {**before, "attempts": ""}, act
    finally:
        await clinic.execute("ALTER TABLE audit_lanes ENABLE TRIGGER USER")


async def _everything(clinic: Clinic) -> dict[str, str]:
    async with clinic.as_owner() as connection:
        tables = await connection.fetch(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
        )
        return {
            name: await connection.fetchval(
                f"SELECT coalesce(string_agg(t::text, chr(10) ORDER BY t::text), '') FROM {name} t"
            )
            for (name,) in tables
        }


async def test_nothing_in_it_tells_who_somebody_is(clinic: Clinic) -> None:
    counter = Counter(clinic)
    await clinic.import_patients(PERSON)
    await clinic.import_bookings(booking(1))
    await clinic.enrol(1)
    await load_gallery(clinic)
    sent = await counter.issue(1, send=True)
    await counter.redeem(sent.secret)
    await undo_of(clinic).undo("A-1", NURSE, REASON, wrong_person=False)
    await manual(clinic).add("A-1", NURSE, REASON)
    await desk_of(clinic).template("P-1", PACK, NURSE)
    await clinic.consents().withdraw("P-1", (CHECK_IN,), NURSE, NOW)
    with pytest.raises(InputError):
        await clinic.enrolments().check("P-1", NAME, NURSE, NOW)
    everything = json.dumps(await bodies(clinic), ensure_ascii=False)
    assert len(await bodies(clinic)) >= 12
    words = (NAME, "Ахметова", NUMBER, PHONE, PHONE[1:], "1988-01-01", REASON, "P-1", "A-1")
    assert [word for word in words if word in everything] == []
    # Six digits may stand in an id by chance, and nowhere alone.
    alone = [value for one in await bodies(clinic) for value in _values(one)]
    assert sent.secret not in alone


def _values(said: dict[str, Any]) -> list[str]:
    nested = said.get("detail", {})
    return [str(value) for value in (*said.values(), *nested.values())]


async def test_only_its_own_functions_write_to_the_chains(clinic: Clinic) -> None:
    await clinic.import_patients(patient(1))
    for statement in (
        "UPDATE audit_events SET recorded_at = now()",
        "DELETE FROM audit_events",
        "TRUNCATE audit_events",
        "INSERT INTO audit_events (site_id, lane, sequence, recorded_at, body, hash) "
        'VALUES (\'test-1\', 0, 99, now(), \'{"kind": "undo", "actor": "x"}\', sha256(\'\'))',
        "UPDATE audit_lanes SET sequence = 0",
        "DELETE FROM audit_lanes",
        "TRUNCATE audit_lanes",
    ):
        with pytest.raises(DatabaseError) as error:
            await clinic.execute(statement)
        assert isinstance(error.value.__cause__, asyncpg.InsufficientPrivilegeError), statement


async def test_retention_stops_before_what_does_not_verify(clinic: Clinic) -> None:
    for number in range(3):
        await clinic.import_patients(patient(number))
    await clinic.execute("ALTER TABLE audit_events DISABLE TRIGGER USER")
    await clinic.execute(
        "UPDATE audit_events SET recorded_at = recorded_at - interval '1 day' "
        "WHERE sequence = (SELECT max(sequence) FROM audit_events)"
    )
    await clinic.execute("ALTER TABLE audit_events ENABLE TRIGGER USER")
    before = await bodies(clinic)
    with pytest.raises(DatabaseError) as error:
        await clinic.execute("SELECT kirdi_audit_prune($1, clock_timestamp())", SITE.id)
    assert isinstance(error.value.__cause__, asyncpg.DataCorruptedError)
    assert await bodies(clinic) == before


async def test_retention_again_and_again_still_verifies(clinic: Clinic) -> None:
    """Also once its earlier event is gone itself, and where a lane has nothing new."""
    for number in range(1, 5):
        await asyncio.gather(*(_calibrate(clinic) for _ in range(number)))
        removed = await clinic.row_as_owner(
            "SELECT kirdi_audit_prune($1, clock_timestamp())", SITE.id
        )
        assert removed[0] >= number
        verdict = await AuditVerification(clinic.database.postgres, SITE.id).verify(KnownHeads())
        assert verdict.findings == ()
        assert verdict.events == 1
    assert await clinic.row_as_owner(
        "SELECT kirdi_audit_prune($1, clock_timestamp() - interval '1 hour')", SITE.id
    ) == (0,)


async def test_a_lost_connection_leaves_either_both_or_nothing(clinic: Clinic) -> None:
    """Cut in the middle of an act, again and again, by the server's own hand."""
    await clinic.import_patients(*(patient(number) for number in range(1, 21)))

    async def consenting(number: int) -> None:
        with contextlib.suppress(DatabaseError):
            await clinic.consent(consent(f"P-{number}", f"C-{number}"))

    async def cutting() -> None:
        for _ in range(15):
            async with clinic.database.postgres.connection() as connection:
                await connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE pid <> pg_backend_pid() AND datname = current_database() "
                    "AND application_name = 'kirdi' AND state <> 'idle' LIMIT 1"
                )
            await asyncio.sleep(0.005)

    await asyncio.gather(*(consenting(number) for number in range(1, 21)), cutting())
    written = await clinic.count("consents")
    assert len(await bodies(clinic, "consent")) == written
    verdict = await AuditVerification(clinic.database.postgres, SITE.id).verify(KnownHeads())
    assert verdict.findings == ()


async def test_sites_of_one_database_have_nothing_to_do_with_each_other(
    clinic: Clinic, migrated_url: str, tmp_path: Any
) -> None:
    from config.settings import Database as Limits

    other = replace_site(SITE.id + "-b")
    owner_url, logins = as_role(migrated_url, DatabaseRole.OWNER), {}
    logins[DatabaseRole.SERVICE] = migrated_url
    await serve_site(owner_url, other, logins, several=True)
    async with open_database(migrated_url, Limits(), other, tmp_path / "kirdi.key") as database:
        log = AuditLog(database.postgres, other.id, clinic.clock)
        await asyncio.gather(
            *(log.record_reading(NURSE, "list") for _ in range(20)),
            *(clinic.import_patients(patient(number)) for number in range(1, 4)),
        )
        for postgres, site_id, events in (
            (clinic.database.postgres, SITE.id, 3),
            (database.postgres, other.id, 20),
        ):
            verdict = await AuditVerification(postgres, site_id).verify(KnownHeads())
            assert (verdict.findings, verdict.events) == ((), events)


def replace_site(site_id: str) -> Any:
    from config.settings import Site

    return Site(id=site_id, name="Another")
