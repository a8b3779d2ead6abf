"""Each act leaves its event, in its own transaction and without a word that could tell a person."""

from collections.abc import Awaitable
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from streamer.domain.actor import Actor
from streamer.domain.check_in import Recorded
from streamer.domain.consent import EndReason
from streamer.domain.incident import Breach
from streamer.domain.incident import Scope as Incident
from streamer.domain.review import ReviewDecision
from streamer.domain.sight import Sight
from streamer.errors import InputError
from streamer.storage.attempts import Scope
from streamer.storage.audit_log import AuditFilter, AuditLog
from streamer.storage.consents_list import ConsentsList
from streamer.storage.incident_facts import IncidentRecords
from streamer.storage.patient_files import PatientFiles
from streamer.storage.patients_list import PatientsList
from tests.integration.storage.acts import (
    DOCTOR,
    NURSE,
    REASON,
    bodies,
    calibration,
    calibrations,
    load_gallery,
    manual,
    said,
    save,
    undo_of,
)
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
)
from tests.integration.storage.counter import ASEL, DESK, DINA, Counter
from tests.integration.storage.test_desk import desk_of
from tests.integration.storage.test_remnants import remnants
from tests.integration.storage.test_reviews import record


async def test_imports_say_how_many(clinic: Clinic) -> None:
    await clinic.import_patients(patient(1), patient(2))
    await clinic.import_bookings(booking(1))
    first, second = await bodies(clinic)
    assert (first["kind"], first["entity_type"], first["actor"]) == ("import", "Patient", "kirdi")
    assert {name: first["detail"][name] for name in ("created", "unchanged", "updated")} == {
        "created": 2,
        "unchanged": 0,
        "updated": 0,
    }
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
    assert [(one.actor, one.entity_type) for one in file.accesses] == [
        ("kirdi", "Patient"),
        ("kirdi", "Appointment"),
        ("nina", "Appointment"),
    ]
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
    with pytest.raises(InputError, match=r"own patients .* somebody else has to look"):
        await counter.attempts.forgive(Scope.DEVICE, DESK.device_id, DOCTOR, NOW)
    await counter.attempts.forgive(Scope.DEVICE, DESK.device_id, DINA, NOW)
    assert not await counter.attempts.forgive(Scope.DEVICE, DESK.device_id, DINA, NOW), "till now"
    assert [one for one in await said(clinic) if one[0].startswith("code")] == [
        ("code-issue", "asel", "0", ""),
        ("code-attempt", "dina", "4", "unknown"),
        ("code-attempt", "asel", "4", "its-issuer-redeems-it"),
        ("code-attempt", "dina", "0", "arrived"),
        ("code-attempt", "dina", "4", "unknown"),
        ("code-attempt", "doctor", "4", "refused"),
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
