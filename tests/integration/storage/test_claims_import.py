"""Billed services and confirmations as they are stored."""

import dataclasses
from collections.abc import AsyncIterator, Iterable
from decimal import Decimal

import pytest
from msgspec.structs import replace

from streamer.domain.actor import Actor
from streamer.domain.billed_service import BilledService, TimePrecision
from streamer.domain.confirmation import Confirmation, ConfirmationMethod
from streamer.domain.portion import Portion, Record
from streamer.errors import InputError
from streamer.storage.bad_lines import SHOWN, BadLines
from streamer.storage.claims_import import ClaimsImport
from streamer.storage.confirmations_import import ConfirmationsImport
from streamer.storage.erased_references import ErasedReferences
from streamer.storage.import_result import ImportResult
from streamer.storage.portioned_result import PortionedResult
from tests.integration.storage.clinic import HOUR, NOW, SITE, Clinic, booking, patient

AIGUL = Actor("aigul")
SERVICE = BilledService(
    "C-1", "A-1", "P-1", "D-1", "S1", "Consultation", NOW, Decimal("1500.50"), "KZT"
)
CONFIRMATION = Confirmation("F-1", "P-1", ConfirmationMethod.FACE_ID, NOW, "A-1")
EVERY = ClaimsImport.optional | ConfirmationsImport.optional


async def portions(
    records: Iterable[Record], columns: frozenset[str] = EVERY, size: int = 2
) -> AsyncIterator[Portion[Record]]:
    given = list(records)
    for start in range(0, len(given), size):
        part = given[start : start + size]
        yield Portion("some.csv", columns, part, range(start + 2, start + 2 + len(part)))


def claims_import(clinic: Clinic) -> ClaimsImport:
    erased = ErasedReferences(clinic.database.keyed_hash, SITE.id)
    return ClaimsImport(clinic.database.postgres, SITE.id, erased)


async def bill(
    clinic: Clinic, *services: BilledService, columns: frozenset[str] = EVERY
) -> ImportResult:
    return counted(await claims_import(clinic).run(portions(services, columns), NOW, AIGUL))


def counted(result: PortionedResult) -> ImportResult:
    """Without what is said of appointments that rows name."""
    return ImportResult(result.created, result.updated, result.unchanged, result.left_out)


async def test_nobody_imports_evidence_of_their_own_visits(clinic: Clinic) -> None:
    await clinic.import_patients(patient(1), patient(2))
    await clinic.import_bookings(booking(1))
    erased = ErasedReferences(clinic.database.keyed_hash, SITE.id)
    confirmations = ConfirmationsImport(clinic.database.postgres, SITE.id, erased)
    other = dataclasses.replace(
        CONFIRMATION, confirmation_ref="F-2", patient_ref="P-2", appointment_ref=None
    )
    doctor = Actor("doctor", ("D-1",))
    with pytest.raises(InputError, match="line 3, column patient_ref: doctor is a practitioner"):
        await confirmations.run(portions([other, CONFIRMATION]), NOW, doctor)
    assert await clinic.count("confirmations") == 0
    row = await clinic.row("SELECT count(*) FROM audit_events WHERE kind = 'access-denied'")
    assert row == (1,)
    assert (await confirmations.run(portions([other]), NOW, doctor)).created == 1
    # What they bill is no evidence.
    bills = claims_import(clinic)
    assert (await bills.run(portions([SERVICE]), NOW, doctor)).created == 1


async def test_the_second_time_nothing_changes(any_clinic: Clinic) -> None:
    await any_clinic.import_patients(patient(1), patient(2))
    three = [replace(SERVICE, claim_ref=f"C-{number}") for number in range(3)]
    assert await bill(any_clinic, *three) == ImportResult(3, 0, 0)
    assert await bill(any_clinic, *three) == ImportResult(0, 0, 3)
    changed = (three[0], replace(three[1], amount=Decimal(7)), replace(three[2], patient_ref="P-2"))
    assert await bill(any_clinic, *changed) == ImportResult(0, 2, 1)
    assert await bill(any_clinic, *changed) == ImportResult(0, 0, 3)
    events = await any_clinic.row(
        "SELECT count(*), min(actor) FROM audit_events "
        "WHERE kind = 'import' AND body ->> 'entity_type' = 'Claim'"
    )
    assert events == (4, "aigul")


async def test_absent_columns_leave_what_was_stored_and_empty_cells_clear_it(
    clinic: Clinic,
) -> None:
    await clinic.import_patients(patient(1))
    full = replace(SERVICE, payer="fund", room="7", time_precision=TimePrecision.MEASURED)
    await bill(clinic, full)
    bare = replace(SERVICE, appointment_ref=None)
    assert await bill(clinic, bare, columns=frozenset()) == ImportResult(0, 0, 1)
    assert await bill(clinic, bare, columns=frozenset({"payer"})) == ImportResult(0, 1, 0)
    row = await clinic.row("SELECT appointment_ref, payer, room, time_precision FROM claims")
    assert row == ("A-1", None, "7", "measured")


async def test_a_claim_may_come_before_its_appointment_and_its_practitioner(
    clinic: Clinic,
) -> None:
    await clinic.import_patients(patient(1))
    await bill(clinic, SERVICE)
    assert await clinic.row("SELECT full_name FROM practitioners") == ("D-1",)
    await clinic.import_bookings(booking(1))
    assert await clinic.row("SELECT full_name FROM practitioners") == ("Dr One",)
    await bill(clinic, replace(SERVICE, amount=Decimal(1)))
    assert await clinic.row("SELECT full_name FROM practitioners") == ("Dr One",)


async def test_rows_that_name_a_wrong_appointment_are_told(clinic: Clinic) -> None:
    await clinic.import_patients(patient(1), patient(2))
    await clinic.import_bookings(booking(1))
    given = [
        SERVICE,
        replace(SERVICE, claim_ref="C-2", appointment_ref="A-99"),
        replace(SERVICE, claim_ref="C-3", patient_ref="P-2"),
        replace(SERVICE, claim_ref="C-4", appointment_ref=None),
    ]
    for counts in ((4, 0, 0), (0, 0, 4)):
        made = await claims_import(clinic).run(portions(given), NOW, AIGUL)
        assert made == PortionedResult(
            *counts,
            0,
            1,
            1,
            (
                "some.csv line 3, column appointment_ref: no appointment of this site has this "
                "reference",
                "some.csv line 4, column appointment_ref: this appointment is another patient's",
            ),
        )


async def test_every_wrong_row_is_named_and_nothing_is_written(clinic: Clinic) -> None:
    await clinic.import_patients(patient(1))
    given = [
        replace(SERVICE, claim_ref=f"C-{number}", patient_ref=f"P-{number % 2}")
        for number in range(5)
    ]
    with pytest.raises(InputError) as caught:
        await bill(clinic, *given)
    assert str(caught.value).splitlines() == [
        "3 rows are wrong, and nothing was imported:",
        *(
            f"  some.csv line {line}, column patient_ref: no patient of this site has this "
            "reference; import the patients first"
            for line in (2, 4, 6)
        ),
    ]
    assert await clinic.count("claims") == 0


async def test_a_reader_that_fails_half_way_leaves_nothing(clinic: Clinic) -> None:
    await clinic.import_patients(patient(1))

    async def broken() -> AsyncIterator[Portion[BilledService]]:
        async for portion in portions([SERVICE]):
            yield portion
        raise InputError("some.csv line 9: is not UTF-8")

    with pytest.raises(InputError, match="line 9"):
        await claims_import(clinic).run(broken(), NOW, AIGUL)
    assert await clinic.count("claims") == 0


async def test_who_was_erased_is_left_out(clinic: Clinic) -> None:
    await clinic.import_patients(patient(1), patient(2))
    erased = ErasedReferences(clinic.database.keyed_hash, SITE.id)
    async with clinic.database.postgres.transaction() as connection:
        await erased.remember(connection, "P-2", NOW)
    both = (SERVICE, replace(SERVICE, claim_ref="C-2", patient_ref="P-2"))
    assert await bill(clinic, *both) == ImportResult(1, 0, 0, 1)


async def test_confirmations(clinic: Clinic) -> None:
    await clinic.import_patients(patient(1))
    erased = ErasedReferences(clinic.database.keyed_hash, SITE.id)
    imports = ConfirmationsImport(clinic.database.postgres, SITE.id, erased)
    later = dataclasses.replace(CONFIRMATION, confirmed_at=NOW + HOUR)
    for given, wanted in (
        (CONFIRMATION, ImportResult(1, 0, 0)),
        (CONFIRMATION, ImportResult(0, 0, 1)),
        (later, ImportResult(0, 1, 0)),
    ):
        assert counted(await imports.run(portions([given]), NOW, AIGUL)) == wanted
    assert await clinic.row("SELECT confirmed_at, method FROM confirmations") == (
        NOW + HOUR,
        "face_id",
    )


def test_of_many_wrong_rows_some_are_named_and_all_counted() -> None:
    bad = BadLines()
    bad.add(f"f line {number}" for number in range(SHOWN + 5))
    with pytest.raises(InputError) as caught:
        bad.refuse()
    lines = str(caught.value).splitlines()
    assert lines[0].startswith(f"{SHOWN + 5} rows are wrong")
    assert lines[-1] == "  ... and 5 more"
    assert len(lines) == SHOWN + 2
