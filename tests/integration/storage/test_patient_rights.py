"""What a patient may ask for: everything about them, and that it goes."""

import asyncio
import json
from dataclasses import fields, replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import jsonschema_rs
import pytest

from streamer.domain.actor import SERVICE, Actor
from streamer.domain.consent import ConsentPurpose
from streamer.domain.patient import Patient
from streamer.domain.patient_file import PatientFile
from streamer.errors import InputError
from streamer.exchange.patient_file import patient_file_json, patient_file_schema
from streamer.storage.erased_references import ErasedReferences
from streamer.storage.patient_erasure import PatientErasure
from streamer.storage.patient_files import PatientFiles
from streamer.storage.patients_import import PatientsImport
from tests.integration.storage.clinic import (
    CHECK_IN,
    NOW,
    SITE,
    YEAR,
    Clinic,
    booking,
    consent,
    moved,
    patient,
)
from tests.integration.storage.conftest import MakeRetention
from tests.integration.storage.old_data import DAYS, Decade

AIGUL = Actor("aigul")
PROFILE = Patient(
    "P-1",
    "Әлия Ғабитқызы Қожа",
    id_type="iin",
    id_number="900101450123",
    sex="female",
    birth_date=date(1990, 1, 1),
    language="kk",
    phone="+77011234567",
    payer="OSMS",
)


def files(clinic: Clinic) -> PatientFiles:
    base = clinic.database
    return PatientFiles(base.postgres, base.vault, SITE.id, SITE.name)


def erasure(clinic: Clinic) -> PatientErasure:
    base = clinic.database
    erased = ErasedReferences(base.keyed_hash, SITE.id)
    return PatientErasure(base.postgres, base.vault, SITE.id, clinic.eraser(), erased, DAYS)


async def visit(clinic: Clinic) -> UUID:
    """A patient with a bit of everything."""
    await clinic.import_patients(PROFILE, patient(2))
    await clinic.import_bookings(booking(1), moved(replace(booking(1), appointment_ref="A-9"), 48))
    await clinic.enrol(1)
    await clinic.check_ins().record(await clinic.proposal(1))
    _, patient_id = await clinic.ids(1)
    await clinic.execute("UPDATE check_ins SET note = 'came with Mrs Qozha'")
    await clinic.execute(
        "INSERT INTO guardians VALUES ($1, (SELECT patient_id FROM patients WHERE "
        "patient_ref = 'P-2'))",
        patient_id,
    )
    decade = Decade(clinic, 1)
    await decade.loose(patient_id)
    await decade.code(patient_id, None)
    await decade.billed(patient_id, "A-1")
    await decade.answered(patient_id)
    return patient_id


async def test_the_file_holds_every_row_about_the_patient(clinic: Clinic) -> None:
    patient_id = await visit(clinic)
    file = await files(clinic).read("P-1", "aigul", NOW)
    assert file.profile == replace(PROFILE, guardian_refs=("P-2",))
    counts = {
        "consents": file.consents,
        "templates": file.templates,
        "appointments": file.appointments,
        "check_ins": file.check_ins,
        "presences": file.presences,
        "reviews": file.reviews,
        "face_blocks": file.blocks,
        "codes": file.codes,
        "claims": file.claims,
        "confirmations": file.confirmations,
        "report_replies": file.answers,
        "erasures": file.erasures,
        "template_reads": file.comparisons,
    }
    for table, rows in counts.items():
        there = await clinic.row(
            f'SELECT count(*) FROM "{table}" WHERE patient_id = $1', patient_id
        )
        assert len(rows) == there[0], table
    assert [one.text for one in file.consents] == ["What was read."]
    assert len(file.status_changes) == len(file.attempts) == 1
    assert file.check_ins[0].note == "came with Mrs Qozha"


async def test_every_table_that_names_a_patient_is_in_the_file(clinic: Clinic) -> None:
    """A new table has to be thought of: in the file, in the erasure, in retention."""
    async with clinic.as_owner() as connection:
        rows = await connection.fetch(
            "SELECT DISTINCT table_name FROM information_schema.columns "
            "WHERE table_schema = 'public' AND column_name IN ('patient_id', 'guardian_id')"
        )
    assert {row["table_name"] for row in rows} == {
        *("patients", "guardians", "consents", "templates", "appointments", "check_ins"),
        *("presences", "reviews", "face_blocks", "codes", "erasures", "template_reads"),
        *("audit_events", "claims", "confirmations", "report_replies"),
        # With its appointment, and gone with it.
        "former_practitioners",
        # Ten minutes later at most each is a row of `reviews`; an erasure deletes it.
        "waiting_reviews",
    }


async def test_the_file_keeps_to_its_schema(clinic: Clinic) -> None:
    await visit(clinic)
    file = await files(clinic).read("P-1", "aigul", NOW)
    schema = patient_file_schema()
    document: dict[str, Any] = json.loads(patient_file_json(file))
    jsonschema_rs.Draft202012Validator(schema, validate_formats=True).validate(document)
    assert set(schema["properties"]) == {one.name for one in fields(PatientFile)} | {"schema"}
    assert document["profile"]["full_name"] == PROFILE.full_name


async def test_who_looked_is_in_the_next_file(clinic: Clinic) -> None:
    patient_id = await visit(clinic)
    await files(clinic).read("P-1", "aigul", NOW)
    file = await files(clinic).read("P-1", "botagoz", NOW)
    assert ("aigul", "export", "R") in {(one.actor, one.kind, one.action) for one in file.accesses}
    row = await clinic.row(
        "SELECT count(*) FROM audit_events WHERE kind = 'export' AND patient_id = $1", patient_id
    )
    assert row == (2,)


async def test_nobody_else_is_in_the_file(clinic: Clinic) -> None:
    await visit(clinic)
    await clinic.import_bookings(booking(2))
    await clinic.enrol(2, "C-2")
    text = patient_file_json(await files(clinic).read("P-1", "aigul", NOW)).decode()
    assert "Full Name 2" not in text
    assert "A-2" not in text


async def test_an_unknown_patient(clinic: Clinic) -> None:
    with pytest.raises(InputError, match="P-7: is unknown"):
        await files(clinic).read("P-7", "aigul", NOW)
    with pytest.raises(InputError, match="P-7: is unknown"):
        await erasure(clinic).erase("P-7", "letter 5", AIGUL, NOW)


async def test_what_must_go_goes_and_what_stays_leads_to_nobody(clinic: Clinic) -> None:
    patient_id = await visit(clinic)
    erased = await erasure(clinic).erase("P-1", "letter 5", AIGUL, NOW)
    assert erased.patient_id == patient_id
    assert (erased.receipt.reason, erased.receipt.templates) == ("erasure", 1)
    for table in ("templates", "template_keys", "guardians", "face_blocks", "attempts"):
        assert await clinic.count(table) == 0, table
    kept = {one.kind: one for one in erased.kept}
    # Of today: kept for as long as check-ins are, by the settings.
    term = timedelta(days=DAYS["check_ins"])
    assert kept["check_ins"].until == NOW + term
    assert kept["appointments"].until == NOW + term
    assert kept["consents"].until == NOW + term
    row = await clinic.row(
        "SELECT patient_ref, id_number_hash, payer FROM patients WHERE patient_id = $1", patient_id
    )
    assert row == (f"erased-{patient_id}", None, None)
    # The visit that lay ahead is gone, the one that was is not.
    assert await clinic.row("SELECT array_agg(appointment_ref) FROM appointments") == (["A-1"],)
    assert await clinic.row("SELECT note FROM check_ins") == ("(erased)",)
    row = await clinic.row(
        "SELECT actor, body ->> 'reason' FROM audit_events WHERE kind = 'erasure' "
        "AND patient_id = $1 AND body ->> 'reason' = 'letter 5'",
        patient_id,
    )
    assert row == ("aigul", "letter 5")
    with pytest.raises(InputError, match="was erased already"):
        await erasure(clinic).erase("P-1", "letter 5", AIGUL, NOW)
    with pytest.raises(InputError, match="unknown"):
        await files(clinic).read("P-1", "aigul", NOW)


async def test_nothing_of_the_person_is_left_in_any_row(clinic: Clinic) -> None:
    await visit(clinic)
    await erasure(clinic).erase("P-1", "letter 5", AIGUL, NOW)
    async with clinic.as_owner() as connection:
        tables = await connection.fetch(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        )
        for row in tables:
            table = row["tablename"]
            rows = await connection.fetch(f'SELECT t::text AS said FROM "{table}" t')
            said = "\n".join(one["said"] for one in rows)
            for word in ("P-1", "Qozha", "Ғабит", "900101450123", "77011234567"):
                # The visit's own reference, which the clinic's books name, has the letters, too.
                assert word not in said.replace("A-P-1", ""), (table, word)


async def test_an_older_database_was_restored(clinic: Clinic) -> None:
    """Then the number that was printed is all that is known."""
    patient_id = await visit(clinic)
    erased = await erasure(clinic).erase(str(patient_id), "again", AIGUL, NOW)
    assert erased.patient_id == patient_id
    assert (await clinic.import_patients(PROFILE)).left_out == 1
    with pytest.raises(InputError, match="was erased already"):
        await erasure(clinic).erase(str(patient_id), "again", AIGUL, NOW)
    with pytest.raises(InputError, match="was erased already"):
        await erasure(clinic).erase(f"erased-{patient_id}", "again", AIGUL, NOW)


async def test_a_consent_that_nothing_rests_on_goes_too(clinic: Clinic) -> None:
    await clinic.import_patients(patient(1))
    await clinic.enrol(1)
    payer = consent("P-1", "C-2", ConsentPurpose.PAYER_EVIDENCE)
    await clinic.consent(payer)
    erased = await erasure(clinic).erase("P-1", "letter 5", AIGUL, NOW)
    assert erased.deleted["consents"] == 2
    assert {one.kind for one in erased.kept} <= {"receipts", "audit", "template_reads"}
    assert await clinic.count("consents") == 0


async def test_who_signed_for_a_child_is_not_erased_before_that(clinic: Clinic) -> None:
    child = replace(patient(1), birth_date=date(2011, 1, 1), guardian_refs=("P-2",))
    parent = replace(patient(2), birth_date=date(1980, 1, 1))
    await clinic.import_patients(child, parent)
    await clinic.consent(consent("P-1", "C-1", term=YEAR, guardian_ref="P-2"))
    with pytest.raises(InputError, match="signed consents in force for P-1"):
        await erasure(clinic).erase("P-2", "letter 5", AIGUL, NOW)
    await clinic.consents().withdraw("P-1", (CHECK_IN,), SERVICE, NOW)
    erased = await erasure(clinic).erase("P-2", "letter 5", AIGUL, NOW)
    assert erased.deleted["guardians"] == 1
    assert await clinic.count("guardians") == 0


async def test_the_next_import_does_not_bring_anybody_back(clinic: Clinic) -> None:
    await visit(clinic)
    await erasure(clinic).erase("P-1", "letter 5", AIGUL, NOW)
    ward = replace(patient(3), guardian_refs=("P-1", "P-2"))
    result = await clinic.import_patients(PROFILE, patient(2), ward)
    assert (result.created, result.left_out) == (1, 1)
    assert await clinic.count("guardians") == 1
    result = await clinic.import_bookings(
        moved(replace(booking(1), appointment_ref="A-9"), 48), booking(2)
    )
    assert (result.created, result.left_out) == (1, 1)


async def test_an_import_that_says_so_takes_them_in_as_somebody_new(clinic: Clinic) -> None:
    before = await visit(clinic)
    await erasure(clinic).erase("P-1", "letter 5", AIGUL, NOW)
    database = clinic.database
    imports = PatientsImport(
        database.postgres, database.vault, database.keyed_hash, SITE.id, clinic.eraser()
    )
    with pytest.raises(InputError, match="P-2: was not erased"):
        await imports.run([PROFILE, patient(2)], NOW, readmit=["P-2"])
    with pytest.raises(
        InputError, match="P-1: was not erased, or is not among those who are imported"
    ):
        await imports.run([patient(2)], NOW, readmit=["P-1"])
    result = await imports.run([PROFILE, patient(2)], NOW, readmit=["P-1"])
    assert (result.created, result.left_out) == (1, 0)
    after = await clinic.row("SELECT patient_id FROM patients WHERE patient_ref = 'P-1'")
    assert after[0] != before
    assert (await clinic.import_patients(PROFILE)).left_out == 0


async def test_a_check_in_at_the_same_moment(clinic: Clinic) -> None:
    """Either it is written before, and stays under the number, or it is refused."""
    for number in range(1, 9):
        await clinic.expect(number)
    outcomes = []
    for number in range(1, 9):
        proposal = await clinic.proposal(number)
        recorded, erased = await asyncio.gather(
            clinic.check_ins().record(proposal),
            erasure(clinic).erase(f"P-{number}", "letter", AIGUL, NOW),
        )
        rows = {one.kind: one.rows for one in erased.kept}
        outcomes.append((recorded.value, rows.get("check_ins", 0)))
    assert all((said == "written") == (rows == 1) for said, rows in outcomes), outcomes
    assert await clinic.count("templates") == 0


async def test_the_row_that_stayed_goes_with_the_last_that_names_it(
    clinic: Clinic, retention: MakeRetention
) -> None:
    patient_id = await visit(clinic)
    erased = await erasure(clinic).erase("P-1", "letter 5", AIGUL, NOW)
    last = max(one.until for one in erased.kept if one.kind not in ("audit", "receipts"))
    keeper = retention(DAYS)
    go_on = asyncio.Event()
    await keeper.run(last - timedelta(days=1), "kirdi", go_on)
    there = "SELECT count(*) FROM patients WHERE patient_id = $1"
    assert await clinic.row(there, patient_id) == (1,)
    await keeper.run(last + timedelta(days=1), "kirdi", go_on)
    assert await clinic.row(there, patient_id) == (0,)
