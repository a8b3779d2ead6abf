"""The register knows of every withdrawal, whoever was killed writing it; damage is noticed."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from config.settings import Retention
from streamer.crypto.register_seal import RegisterSeal
from streamer.domain.actor import SERVICE
from streamer.domain.consent import ConsentPurpose
from streamer.domain.erased import Erased
from streamer.errors import DatabaseError
from streamer.storage.consents_list import ConsentsList
from streamer.storage.erased_references import ErasedReferences
from streamer.storage.eraser import Eraser
from streamer.storage.erasure_register import ErasureRegister, ReadRegister, read_register
from streamer.storage.patient_erasure import PatientErasure
from streamer.storage.register_file import RegisterError
from streamer.storage.restoring import Settled, settle
from tests.fakes.clock import FakeClock
from tests.integration.storage.clinic import (
    BACKUPS,
    CHECK_IN,
    LISTER,
    SITE,
    Clinic,
    consent,
    patient,
)
from tests.integration.storage.rotation import opened

MINUTE = timedelta(minutes=1)


@pytest.fixture
def today(clinic: Clinic) -> Clinic:
    """The register goes by the database's clock."""
    return Clinic(clinic.database, FakeClock(datetime.now(UTC)))


async def database_id(clinic: Clinic) -> str:
    return str((await clinic.row("SELECT value FROM meta WHERE name = 'database_id'"))[0])


def seal_of(clinic: Clinic) -> RegisterSeal:
    return RegisterSeal(clinic.database.secrets, SITE.id)


def register_in(clinic: Clinic, folder: Path, *copies: Path) -> ErasureRegister:
    return ErasureRegister(folder, copies, SITE.id, seal_of(clinic))


async def read_in(clinic: Clinic, folder: Path) -> ReadRegister:
    found = read_register(folder, await database_id(clinic), SITE.id)
    assert found is not None
    return found


async def enrolled(clinic: Clinic, *numbers: int) -> None:
    for number in numbers:
        await clinic.import_patients(patient(number))
        await clinic.enrol(number)


async def withdraw(clinic: Clinic, number: int) -> None:
    await clinic.consents().withdraw(f"P-{number}", (CHECK_IN,), SERVICE, clinic.clock.now())


def lines_of(folder: Path) -> Path:
    (file,) = folder.glob("*/erasures.jsonl")
    return file


def written(folder: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in lines_of(folder).read_text().splitlines()]


async def test_two_processes_write_each_withdrawal_once(today: Clinic, tmp_path: Path) -> None:
    await enrolled(today, 1, 2)
    home, nas = tmp_path / "register", tmp_path / "nas"
    nas.mkdir()
    registers = [register_in(today, home, nas) for _ in range(2)]
    for number in (1, 2):
        await withdraw(today, number)
        for register in registers:
            await register.sync(today.database.postgres)
    assert [one["kind"] for one in written(home)] == ["consent", "erasure"] * 2
    assert written(nas) == written(home)
    assert "Full Name" not in json.dumps(written(home))
    copied = await read_in(today, nas)
    assert copied.is_genuine(seal_of(today))
    assert len(copied.register.entries) == 4
    assert lines_of(home).stat().st_mode & 0o077 == 0


async def test_half_a_line_of_a_killed_writer_is_written_anew(
    today: Clinic, tmp_path: Path
) -> None:
    await enrolled(today, 1, 2)
    await withdraw(today, 1)
    await register_in(today, tmp_path).sync(today.database.postgres)
    file = lines_of(tmp_path)
    whole = file.read_bytes()
    await withdraw(today, 2)
    file.write_bytes(whole + b'{"kind": "consent", "id": "')
    await register_in(today, tmp_path).sync(today.database.postgres)
    assert len(written(tmp_path)) == 4
    assert file.read_bytes().startswith(whole)


async def test_lines_that_were_lost_are_noticed(today: Clinic, tmp_path: Path) -> None:
    await enrolled(today, 1)
    await withdraw(today, 1)
    await register_in(today, tmp_path).sync(today.database.postgres)
    file = lines_of(tmp_path)
    file.write_bytes(file.read_bytes().splitlines(keepends=True)[0])
    with pytest.raises(DatabaseError, match=r"erasures\.jsonl: is damaged; restore its folder"):
        await register_in(today, tmp_path).sync(today.database.postgres)
    with pytest.raises(DatabaseError, match="is damaged"):
        await read_in(today, tmp_path)


async def test_what_somebody_without_the_key_changes_is_noticed(
    today: Clinic, tmp_path: Path
) -> None:
    await enrolled(today, 1, 2)
    home, nas = tmp_path / "register", tmp_path / "nas"
    nas.mkdir()
    for number in (1, 2):
        await withdraw(today, number)
    await register_in(today, home, nas).sync(today.database.postgres)
    lines, (state,) = lines_of(nas), nas.glob("*/complete.json")
    written_lines, written_state = lines.read_bytes(), state.read_text()
    said, each = json.loads(written_state), written_lines.splitlines(keepends=True)
    stranger = str(uuid4())
    own = json.loads(each[0])["patient"]
    for changed, claimed in (
        (b"".join(each[2:]), {"lines": 2}),
        (written_lines.replace(own.encode(), stranger.encode()), {}),
        (b"".join(reversed(each)), {}),
        (written_lines, {"as_of": "2199-01-01T00:00:00+00:00"}),
        (written_lines, {"seal": "0" * 64}),
    ):
        lines.write_bytes(changed)
        state.write_text(json.dumps(said | claimed))
        assert not (await read_in(today, nas)).is_genuine(seal_of(today))
    # Another site's register does not do either, nor does another database's.
    lines.write_bytes(written_lines)
    state.write_text(written_state)
    found = await read_in(today, nas)
    assert found.is_genuine(seal_of(today))
    assert not found.is_genuine(RegisterSeal(today.database.secrets, "other-1"))
    assert read_register(nas, await database_id(today), "other-1") is None
    # Of the same length: a copy is brought in order by the next process that writes.
    lines.write_bytes(written_lines.replace(own.encode(), stranger.encode()))
    await enrolled(today, 3)
    await withdraw(today, 3)
    await register_in(today, home, nas).sync(today.database.postgres)
    assert written(nas) == written(home)
    # In the home folder nobody goes on by it.
    lines_of(home).write_bytes(lines_of(home).read_bytes().replace(own.encode(), stranger.encode()))
    with pytest.raises(DatabaseError, match=r"erasures\.jsonl: is damaged; restore its folder"):
        await register_in(today, home, nas).sync(today.database.postgres)


async def test_a_copy_that_is_not_mounted_is_said_and_caught_up_with(
    today: Clinic, tmp_path: Path
) -> None:
    await enrolled(today, 1, 2)
    await withdraw(today, 1)
    home, nas = tmp_path / "register", tmp_path / "nas"
    register = register_in(today, home, nas)
    with pytest.raises(RegisterError, match=r"nas: cannot be written .*would bring it back"):
        await register.sync(today.database.postgres)
    assert len(written(home)) == 2, "the other one is written all the same"
    nas.mkdir()
    await withdraw(today, 2)
    await register_in(today, home, nas).sync(today.database.postgres)
    assert written(nas) == written(home)
    assert len(written(nas)) == 4


async def test_an_older_database_is_refused(today: Clinic, tmp_path: Path) -> None:
    await enrolled(today, 1)
    await withdraw(today, 1)
    await register_in(today, tmp_path).sync(today.database.postgres)
    await today.execute(
        "UPDATE consents SET status = 'active', ended_at = NULL, withdrawn_at = NULL"
    )
    await today.execute("DELETE FROM erasures")
    with pytest.raises(DatabaseError, match="an older one that was restored"):
        await register_in(today, tmp_path).sync(today.database.postgres)
    # Of a patient who is gone altogether there is nothing to be known.
    await today.execute("DELETE FROM consents; DELETE FROM patients")
    await register_in(today, tmp_path).sync(today.database.postgres)


def entry(clinic: Clinic, patient_id: UUID, at: datetime) -> Erased:
    return Erased("consent", uuid4(), SITE.id, patient_id, CHECK_IN, "withdrawn", at)


async def settled(clinic: Clinic, *entries: Erased) -> Settled:
    base = clinic.database
    eraser = Eraser(base.vault, SITE.id, BACKUPS)
    persons = PatientErasure(
        base.postgres,
        base.vault,
        SITE.id,
        eraser,
        ErasedReferences(base.keyed_hash, SITE.id),
        Retention().days,
    )
    return await settle(
        base.postgres, eraser, SITE.id, entries, SERVICE, clinic.clock.now(), persons
    )


async def test_who_wished_to_be_erased_is_erased_again(clinic: Clinic) -> None:
    await enrolled(clinic, 1, 2)
    row = await clinic.row("SELECT patient_id FROM patients WHERE patient_ref = 'P-1'")
    # An answer to a report that the backup has brought back.
    await clinic.execute(
        "INSERT INTO report_replies (reply_id, site_id, report_id, kind, ref, patient_id, "
        "practitioner_ref, visit_at, sealed_answer, written_by, written_at, state, "
        "sealed_note, decided_by, decided_at) "
        "VALUES ($1, $4, $1, 'appointment', 'A-1', $2, 'D-1', $3, 'sealed', 'aigul', $3, "
        "'rejected', 'sealed', 'nina', $3)",
        *(uuid4(), row[0], clinic.clock.now(), SITE.id),
    )
    wish = replace(
        entry(clinic, row[0], clinic.clock.now() + MINUTE), kind="erasure", reason="erasure"
    )
    done = await settled(clinic, wish)
    assert (done.patients, len(done.receipts), done.by_hand) == (1, 2, ())
    left = await clinic.row("SELECT patient_ref FROM patients WHERE patient_id = $1", row[0])
    assert left[0] == f"erased-{row[0]}"
    words = await clinic.row("SELECT sealed_answer, sealed_note FROM report_replies")
    assert (words[0], words[1]) == (None, None)
    assert await settled(clinic, wish) == Settled(0, ())


async def test_what_was_agreed_to_after_a_withdrawal_stays(clinic: Clinic) -> None:
    await enrolled(clinic, 1, 2, 3)
    ids = {
        number: (
            await clinic.row(
                "SELECT patient_id FROM patients WHERE patient_ref = $1", f"P-{number}"
            )
        )[0]
        for number in (1, 2, 3)
    }
    now = clinic.clock.now()
    entries = (
        entry(clinic, ids[1], now + MINUTE),
        # P-2 withdrew before they consented to what is in this backup.
        entry(clinic, ids[2], now - MINUTE),
        # Unknown here, or of another site.
        entry(clinic, uuid4(), now + MINUTE),
    )
    done = await settled(clinic, *entries)
    assert (done.patients, len(done.receipts)) == (1, 1)
    assert {one.patient_id for one in await opened(clinic.database)} == {ids[2], ids[3]}
    assert await settled(clinic, *entries) == Settled(0, ())


async def test_a_consent_to_the_payer_ends_again_without_a_receipt(clinic: Clinic) -> None:
    await enrolled(clinic, 1)
    payer = ConsentPurpose.PAYER_EVIDENCE
    await clinic.consent(consent("P-1", "C-2", payer, given_at=clinic.clock.now()))
    row = await clinic.row("SELECT patient_id FROM patients")
    now = clinic.clock.now()
    gone = Erased("consent", uuid4(), SITE.id, row[0], payer, "withdrawn", now + MINUTE)
    assert await settled(clinic, gone) == Settled(1, ())
    rows = await ConsentsList(clinic.database.postgres, clinic.pages).listed(LISTER)
    assert [one.purpose for one in rows] == ["check-in"]
