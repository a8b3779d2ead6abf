"""Consents as they are recorded, superseded, withdrawn and ended; what goes with them."""

import asyncio
from dataclasses import replace
from datetime import date, timedelta

import pytest

from streamer.domain.actor import SERVICE, Actor
from streamer.domain.check_in import Recorded
from streamer.domain.consent import (
    ConsentGiven,
    ConsentPurpose,
    EndReason,
    IdentityCheck,
)
from streamer.domain.consent_entry import ConsentEntry
from streamer.errors import InputError
from streamer.gallery_keeper import GalleryKeeper
from streamer.service_rules import gallery_builder
from streamer.storage.consents_list import ConsentsList
from tests.fakes.clock import FakeClock
from tests.integration.storage.clinic import (
    BACKUPS,
    CHECK_IN,
    HOUR,
    LISTER,
    NOW,
    PACK,
    YEAR,
    Clinic,
    booking,
    consent,
    patient,
    text,
    vector,
)

BOTH = tuple(ConsentPurpose)
PAYER = ConsentPurpose.PAYER_EVIDENCE
ASEL = Actor("asel", ("D-1",))


def listing(clinic: Clinic) -> ConsentsList:
    return ConsentsList(clinic.database.postgres, clinic.pages)


async def of(clinic: Clinic, ref: str = "P-1") -> list[ConsentEntry]:
    return await listing(clinic).of_patient(ref)


async def test_a_withdrawal_ends_the_consent_and_erases_the_template(any_clinic: Clinic) -> None:
    _, patient_id = await any_clinic.expect(1)
    await any_clinic.expect(2)
    proposal = await any_clinic.proposal(1)
    ended = await any_clinic.consents().withdraw("P-1", BOTH, Actor("aigul"), NOW + HOUR)
    assert ended.purposes == (CHECK_IN,)
    (receipt,) = await listing(any_clinic).listed_receipts(LISTER)
    assert ended.receipt is not None
    assert receipt == replace(ended.receipt, patient_ref="P-1")
    assert (receipt.patient_id, receipt.reason, receipt.erased_by) == (
        patient_id,
        "withdrawn",
        "aigul",
    )
    assert (receipt.templates, receipt.erased_at) == (1, NOW + HOUR)
    assert receipt.backups_clean_by == NOW + HOUR + BACKUPS
    assert receipt.files_clean_at is receipt.log_clean_at is None
    (row,) = await of(any_clinic)
    assert (row.status, row.ended_reason, row.ended_by) == ("inactive", "withdrawn", "aigul")
    assert row.ended_at == NOW + HOUR
    # The other patient's template stays, and opens.
    assert await any_clinic.count("templates") == await any_clinic.count("template_keys") == 1
    (key,) = await any_clinic.gallery().keys(NOW)
    assert len(await any_clinic.gallery().templates(frozenset({key.template_id}), NOW)) == 1
    assert key.appointment_id == (await any_clinic.ids(2))[0]
    assert await any_clinic.check_ins().record(proposal) is Recorded.REFUSED_CONSENT


async def test_a_wrong_reference_is_told_from_a_patient_without_any(any_clinic: Clinic) -> None:
    await any_clinic.import_patients(patient(1))
    listed = ConsentsList(any_clinic.database.postgres, any_clinic.pages)
    for asked in (listed.listed, listed.listed_receipts):
        assert not await asked(LISTER)
        assert not await asked(LISTER, "P-1")
        with pytest.raises(InputError, match="P-9: is unknown"):
            await asked(LISTER, "P-9")


async def test_everything_that_was_said_is_recorded(any_clinic: Clinic) -> None:
    await any_clinic.import_patients(
        patient(2), replace(patient(1), birth_date=date(2010, 3, 1), guardian_refs=("P-2",))
    )
    given = consent("P-1", "C-7", given_at=NOW - HOUR, guardian_ref="P-2")
    assert await any_clinic.consent(given, Actor("aigul"))
    (row,) = await of(any_clinic)
    assert row == ConsentEntry(
        row.consent_id,
        "P-1",
        "check-in",
        "active",
        "C-7",
        NOW - HOUR,
        NOW - HOUR + YEAR,
        "P-2",
        "id-document",
        "kk",
        1,
        "aigul",
        NOW,
        None,
        None,
        None,
    )
    assert [one.document_ref for one in await listing(any_clinic).listed(LISTER)] == ["C-7"]
    body = await any_clinic.row("SELECT body FROM consent_texts")
    assert str(body[0]) == "What was read."


async def test_a_text_is_stored_once_and_each_change_of_it_again(clinic: Clinic) -> None:
    await clinic.import_patients(*(patient(number) for number in range(1, 5)))
    for number, body in ((1, "one"), (2, "one"), (3, "two")):
        read = text(body=body)
        await clinic.consents().record(consent(f"P-{number}"), read, SERVICE, NOW)
    assert await clinic.count("consent_texts") == 2


async def test_the_two_consents_are_two(clinic: Clinic) -> None:
    await clinic.expect(1)
    assert await clinic.consent(consent("P-1", "C-9", PAYER))
    assert [row.purpose for row in await of(clinic)] == ["check-in", "payer-evidence"]
    ended = await clinic.consents().withdraw("P-1", (PAYER,), SERVICE, NOW)
    assert (ended.purposes, ended.receipt) == ((PAYER,), None)
    assert len(await clinic.gallery().keys(NOW)) == 1


async def test_the_same_document_again_is_the_same_consent(clinic: Clinic) -> None:
    await clinic.import_patients(patient(1))
    given = consent("P-1")
    assert await clinic.consent(given)
    later = replace(given, given_at=NOW + HOUR, expires_at=NOW + YEAR)
    clinic.clock.advance(2 * 3600)
    assert not await clinic.consent(later)
    (row,) = await of(clinic)
    assert (row.given_at, row.expires_at) == (NOW, NOW + YEAR), "the term is not prolonged by it"
    otherwise = replace(given, identity_check=IdentityCheck.EGOV)
    with pytest.raises(InputError, match="recorded already"):
        await clinic.consent(otherwise)
    with pytest.raises(InputError, match="recorded already"):
        await clinic.consents().record(given, text(body="other"), SERVICE, NOW + HOUR)
    await clinic.consents().withdraw(
        "P-1", (CHECK_IN,), SERVICE, NOW + HOUR, EndReason.ENTERED_IN_ERROR
    )
    assert await clinic.consent(otherwise)
    assert [row.status for row in await of(clinic)] == ["entered-in-error", "active"]


async def test_templates_go_on_under_a_newer_document(clinic: Clinic) -> None:
    await clinic.expect(1)
    assert await clinic.consent(consent("P-1", "C-2"))
    former, new = await of(clinic)
    if former.status == "active":
        former, new = new, former
    assert (former.ended_reason, new.document_ref) == ("superseded", "C-2")
    assert len(await clinic.gallery().keys(NOW)) == 1
    assert await clinic.count("erasures") == 0


async def test_what_was_withdrawn_is_not_revived(clinic: Clinic) -> None:
    await clinic.expect(1)
    await clinic.consents().withdraw("P-1", BOTH, SERVICE, NOW)
    with pytest.raises(InputError, match=r"has ended \(withdrawn\); have a new one signed"):
        await clinic.enrol(1)
    with pytest.raises(InputError, match="no such consent in force"):
        await clinic.consents().withdraw("P-1", BOTH, SERVICE, NOW)
    await clinic.enrol(1, "C-2")
    assert len(await clinic.gallery().keys(NOW)) == 1
    assert await clinic.count("consents") == 2


async def test_who_bills_a_patient_decides_nothing_about_them(clinic: Clinic) -> None:
    await clinic.import_patients(patient(1), patient(2))
    await clinic.import_bookings(booking(1))
    store = clinic.enrolments()
    with pytest.raises(InputError, match="somebody else"):
        await clinic.consent(consent("P-1"), ASEL)
    await clinic.consent(consent("P-2"), ASEL)
    await clinic.consent(consent("P-1"))
    for refused in (
        store.check("P-1", "", ASEL, NOW),
        store.save("P-1", "", vector(1), PACK, 2, NOW, by=ASEL),
        clinic.consents().withdraw("P-1", BOTH, ASEL, NOW),
    ):
        with pytest.raises(InputError, match="somebody else"):
            await refused
    assert await clinic.count("templates") == await clinic.count("erasures") == 0


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (consent("P-9"), "is unknown"),
        (consent("P-1", given_at=NOW + HOUR), "future"),
        (consent("P-1", guardian_ref="P-2"), "nobody who is this patient's guardian"),
        (consent("P-1", guardian_ref="P-8"), "nobody who is this patient's guardian"),
    ],
)
async def test_what_is_no_consent(clinic: Clinic, given: ConsentGiven, message: str) -> None:
    await clinic.import_patients(patient(1), patient(2))
    with pytest.raises(InputError, match=message):
        await clinic.consent(given)
    assert await clinic.count("consents") == await clinic.count("consent_texts") == 0


async def test_a_term_that_is_over_ends_with_a_receipt(any_clinic: Clinic) -> None:
    """Nobody is recognised from that moment on, whether or not anybody has written it down."""
    await any_clinic.import_patients(patient(1), patient(2))
    await any_clinic.import_bookings(booking(1), booking(2))
    await any_clinic.consent(consent("P-1", term=HOUR))
    await any_clinic.consent(consent("P-1", "C-5", PAYER, term=HOUR))
    for number in (1, 2):
        await any_clinic.enrol(number)
    proposal = replace(await any_clinic.proposal(1), occurred_at=NOW + HOUR)
    assert len(await any_clinic.gallery().keys(NOW + HOUR - timedelta(microseconds=1))) == 2
    assert len(await any_clinic.gallery().keys(NOW + HOUR)) == 1
    assert await any_clinic.check_ins().record(proposal) is Recorded.REFUSED_CONSENT
    consents = any_clinic.consents()
    assert await consents.end_due(NOW + HOUR - timedelta(microseconds=1)) == 0
    ended = await asyncio.gather(consents.end_due(NOW + HOUR), consents.end_due(NOW + HOUR))
    assert sum(ended) == 2, "two services at once end each once"
    assert await consents.end_due(NOW + HOUR) == 0
    assert {row.ended_reason for row in await of(any_clinic)} == {"expired"}
    (receipt,) = await listing(any_clinic).listed_receipts(LISTER, "P-1")
    assert (receipt.reason, receipt.erased_by, receipt.templates) == ("expired", "kirdi", 1)
    assert await any_clinic.count("templates") == 1


async def test_a_new_consent_after_the_term_brings_no_template_back(clinic: Clinic) -> None:
    await clinic.import_patients(patient(1))
    await clinic.consent(consent("P-1", term=HOUR))
    await clinic.enrol(1)
    clinic.clock.advance(2 * 3600)
    await clinic.consent(consent("P-1", "C-2", given_at=NOW + 2 * HOUR))
    assert await clinic.count("templates") == 0
    assert {row.ended_reason for row in await of(clinic)} == {"expired", None}


async def test_a_guardians_consent_ends_on_the_eighteenth_birthday(clinic: Clinic) -> None:
    """Days are the site's: 24 November begins in Almaty at 19:00 UTC of the 23rd."""
    born = date(2008, 11, 24)
    await clinic.import_patients(
        patient(2),
        replace(patient(1), birth_date=born, guardian_refs=("P-2",)),
        replace(patient(3), birth_date=date(1950, 1, 1), guardian_refs=("P-2",)),
    )
    with pytest.raises(InputError, match="a guardian has to consent"):
        await clinic.consent(consent("P-1"))
    for number in (1, 3):
        await clinic.consent(consent(f"P-{number}", guardian_ref="P-2"))
        await clinic.enrolments().save(f"P-{number}", "", vector(number), PACK, 2, NOW, by=SERVICE)
    midnight = NOW.replace(hour=19)
    assert await clinic.consents().end_of_age(midnight - timedelta(seconds=1)) == 0
    assert await clinic.consents().end_of_age(midnight) == 1
    (row,) = await of(clinic)
    assert (row.status, row.ended_reason) == ("inactive", "of-age")
    assert [one.reason for one in await listing(clinic).listed_receipts(LISTER)] == ["of-age"]
    # An adult whose guardian consented keeps theirs.
    assert [one.patient_ref for one in await listing(clinic).listed(LISTER)] == ["P-3"]


@pytest.mark.parametrize(
    ("change", "reason", "left"),
    [
        ({"deceased_on": date(2026, 11, 22)}, "deceased", []),
        ({"is_staff": True}, "staff", ["payer-evidence"]),
    ],
)
async def test_a_death_and_a_new_member_of_staff_erase(
    any_clinic: Clinic, change: dict[str, object], reason: str, left: list[str]
) -> None:
    await any_clinic.expect(1)
    await any_clinic.expect(2)
    await any_clinic.consent(consent("P-1", "C-5", PAYER))
    changed = replace(patient(1), **change)  # type: ignore[arg-type]
    # One that fails takes the erasure back with it.
    with pytest.raises(InputError):
        await any_clinic.import_patients(changed, replace(patient(3), guardian_refs=("P-9",)))
    assert await any_clinic.count("templates") == 2
    assert await any_clinic.count("erasures") == 0
    await any_clinic.import_patients(changed, patient(2))
    await any_clinic.import_patients(changed, patient(2))
    assert await any_clinic.count("templates") == 1
    (receipt,) = await listing(any_clinic).listed_receipts(LISTER)
    assert (receipt.reason, receipt.templates) == (reason, 1)
    rows = await of(any_clinic)
    assert [row.purpose for row in rows if row.status == "active"] == left
    assert {row.ended_reason for row in rows if row.status != "active"} == {reason}


async def test_a_withdrawal_waits_for_the_check_in_that_is_being_written(clinic: Clinic) -> None:
    await clinic.expect(1)
    check_ins, proposal = clinic.check_ins(), await clinic.proposal(1)
    async with clinic.database.postgres.transaction() as connection:
        result = await check_ins.write(connection, proposal)
        withdrawal = asyncio.create_task(clinic.consents().withdraw("P-1", BOTH, SERVICE, NOW))
        done, _ = await asyncio.wait({withdrawal}, timeout=0.3)
        assert not done
    assert result.recorded is Recorded.WRITTEN
    assert (await withdrawal).receipt is not None
    assert await clinic.count("check_ins") == 1


async def test_whoever_stands_before_the_camera_when_consent_ends(any_clinic: Clinic) -> None:
    """Check-ins and withdrawals at once: whichever comes first, none is written afterwards."""
    numbers = range(1, 9)
    for number in numbers:
        await any_clinic.expect(number)
    check_ins, consents = any_clinic.check_ins(), any_clinic.consents()
    first = [await any_clinic.proposal(number) for number in numbers]
    again = [await any_clinic.proposal(number) for number in numbers]
    recorded, _ = await asyncio.gather(
        asyncio.gather(*(check_ins.record(one) for one in first)),
        asyncio.gather(
            *(consents.withdraw(f"P-{number}", BOTH, SERVICE, NOW) for number in numbers)
        ),
    )
    assert set(recorded) <= {Recorded.WRITTEN, Recorded.REFUSED_CONSENT}
    afterwards = [await check_ins.record(one) for one in again]
    assert Recorded.WRITTEN not in afterwards
    assert await any_clinic.count("check_ins") == recorded.count(Recorded.WRITTEN)
    assert await any_clinic.count("template_keys") == 0
    assert await any_clinic.count("erasures") == len(numbers)


async def test_the_gallery_follows_at_the_next_look(clinic: Clinic) -> None:
    """By polling alone, each second: nothing is told to anybody, and there is no Redis."""
    await clinic.expect(1)
    await clinic.expect(2)
    seen: list[tuple[float, int]] = []

    class Look(FakeClock):
        """Withdraws during the first wait, and stops once the keeper has looked again."""

        async def sleep(self, seconds: float, stop: asyncio.Event) -> bool:
            seen.append((round(self.monotonic() - before, 3), keeper.current.size))
            if len(seen) == 1:
                await clinic.consents().withdraw("P-1", BOTH, SERVICE, NOW)
            if self.monotonic() - before >= 1.0:
                stop.set()
            return await super().sleep(seconds, stop)

    clock = Look(NOW)
    keeper = GalleryKeeper(clinic.gallery(), gallery_builder(PACK, None), clock, 1.0)
    before = clock.monotonic()
    await keeper.refresh()
    await keeper.run(asyncio.Event())
    assert seen[0] == (0.0, 2)
    assert seen[-1] == (1.0, 1), "a second later"
