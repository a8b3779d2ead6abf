from dataclasses import replace
from datetime import date, datetime, timedelta
from uuid import UUID, uuid4

import numpy as np
import pytest
from structlog.testing import capture_logs

from streamer.domain.actor import SERVICE
from streamer.domain.appointment import AppointmentStatus, Place
from streamer.domain.template import GalleryKey
from streamer.errors import InputError, VaultError
from streamer.storage.gallery_source import PostgresGallery
from streamer.storage.patients import Patients
from tests.integration.storage.clinic import (
    HOUR,
    NOW,
    PACK,
    PRESENCE,
    SITE,
    Clinic,
    booking,
    consent,
    moved,
    patient,
    vector,
)


async def _known(clinic: Clinic, at: datetime = NOW, pack: str = PACK) -> frozenset[GalleryKey]:
    """The keys; what may not be matched must not be readable either."""
    gallery = clinic.gallery(pack)
    keys = await gallery.keys(at)
    everything = await _templates(clinic)
    opened = await gallery.templates(everything, at)
    assert {one.template_id for one in opened} == {key.template_id for key in keys}
    return keys


async def _templates(clinic: Clinic) -> frozenset[UUID]:
    async with clinic.database.postgres.connection() as connection:
        rows = await connection.fetch("SELECT template_id FROM templates")
    return frozenset(row["template_id"] for row in rows)


async def test_a_template_comes_back_as_it_was(any_clinic: Clinic) -> None:
    _, patient_id = await any_clinic.expect(1)
    gallery = any_clinic.gallery()
    (key,) = await gallery.keys(NOW)
    (template,) = await gallery.templates(frozenset({key.template_id, uuid4()}), NOW)
    assert (template.template_id, template.patient_id) == (key.template_id, patient_id)
    assert template.vector.dtype == np.float32
    assert np.array_equal(template.vector, vector(1))
    assert not template.vector.flags.writeable
    assert await gallery.templates(frozenset(), NOW) == []


@pytest.mark.parametrize(
    ("minutes", "known"),
    # It begins at 10:00 and the site closes at 18:00.
    [(-241, False), (-240, True), (0, True), (30, True), (479.99, True), (480, False)],
)
async def test_from_hours_before_until_the_site_closes(
    clinic: Clinic, minutes: float, known: bool
) -> None:
    await clinic.expect(1)
    at = booking(1).starts_at + timedelta(minutes=minutes)
    assert len(await _known(clinic, at)) == known


@pytest.mark.parametrize(
    ("hours", "known"),
    [(14.001, False), (14, False), (13, True), (9, True), (8.51, True), (8, False)],
)
async def test_after_closing_who_comes_later(clinic: Clinic, hours: float, known: bool) -> None:
    """At 19:00 the arrival windows of the evening are open, and tomorrow's begin to."""
    await clinic.expect(1)
    at = booking(1).starts_at + timedelta(hours=hours)
    await clinic.execute("UPDATE appointments SET starts_at = $1, ends_at = $2", at, at + HOUR)
    assert len(await _known(clinic, booking(1).starts_at + timedelta(hours=9))) == known


async def test_two_open_appointments_are_two_keys(clinic: Clinic) -> None:
    await clinic.expect(1)
    await clinic.import_bookings(
        moved(booking(2, patient_number=1), 0.5), moved(booking(3, patient_number=1), 5)
    )
    keys = await _known(clinic)
    assert len(keys) == 2
    assert len({key.template_id for key in keys}) == 1


@pytest.mark.parametrize("status", list(AppointmentStatus))
async def test_which_statuses_are_recognised(clinic: Clinic, status: AppointmentStatus) -> None:
    await clinic.expect(1)
    await clinic.execute("UPDATE appointments SET status = $1", status.value)
    known = {"pending", "booked", "arrived", "checked-in", "fulfilled", "noshow"}
    assert len(await _known(clinic)) == (status.value in known)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE consents SET status = 'inactive'",
        "UPDATE consents SET status = 'rejected'",
        "UPDATE consents SET expires_at = '2026-11-23 04:00:00+00', "
        "given_at = '2026-11-01 00:00:00+00'",
        "UPDATE patients SET is_staff = true",
        "UPDATE patients SET deceased_on = '2026-11-22'",
        "UPDATE appointments SET place = 'home'",
        "DELETE FROM templates",
        "DELETE FROM consents",
    ],
)
async def test_who_is_nobody_at_once(clinic: Clinic, change: str) -> None:
    await clinic.expect(1)
    assert len(await _known(clinic)) == 1
    await clinic.execute(change)
    assert await _known(clinic) == frozenset()


async def test_other_sites_and_packs_are_nobody(clinic: Clinic) -> None:
    await clinic.expect(1)
    assert await _known(clinic, pack="another") == frozenset()
    database = clinic.database
    other = PostgresGallery(database.postgres, database.vault, "other", PACK, PRESENCE)
    assert await other.keys(NOW) == frozenset()
    assert await other.templates(await _templates(clinic), NOW) == []


async def test_a_new_consent_does_not_revive_a_withdrawn_template(clinic: Clinic) -> None:
    _, patient_id = await clinic.expect(1)
    await clinic.withdraw(1)
    await clinic.execute(
        "INSERT INTO consents VALUES ($1, $2, 'check-in', 'active', 'C-2', $3)",
        uuid4(),
        patient_id,
        NOW,
    )
    assert await _known(clinic) == frozenset()


async def test_enrolling_again_replaces_the_template(clinic: Clinic) -> None:
    await clinic.expect(1)
    (before,) = await _known(clinic)
    await clinic.enrol(1)
    (after,) = await _known(clinic)
    assert before.template_id != after.template_id
    assert await clinic.count("templates") == await clinic.count("consents") == 1


async def test_a_new_document_replaces_the_old_one(clinic: Clinic) -> None:
    await clinic.expect(1)
    store = clinic.enrolments()
    await store.save("P-1", "C-1", vector(1), "other-pack", 1, NOW, by=SERVICE)
    await clinic.enrol(1, "C-2")
    assert await clinic.count("consents") == 2
    assert await clinic.count("templates") == 2
    assert len(await _known(clinic)) == len(await _known(clinic, pack="other-pack")) == 1
    await clinic.withdraw(1)
    assert await _known(clinic) == await _known(clinic, pack="other-pack") == frozenset()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"is_staff": True}, "patient P-1: is staff"),
        ({"deceased_on": date(2026, 1, 1)}, "patient P-1: is recorded as deceased"),
    ],
)
async def test_who_is_never_enrolled(
    clinic: Clinic, change: dict[str, object], message: str
) -> None:
    await clinic.import_patients(replace(patient(1), **change))  # type: ignore[arg-type]
    with pytest.raises(InputError, match=message):
        await clinic.enrol(1)
    with pytest.raises(InputError, match="patient P-2: is unknown at site test-1"):
        await clinic.enrol(2)
    assert await clinic.count("consents") == await clinic.count("templates") == 0


async def test_an_expired_consent_enrols_nobody(clinic: Clinic) -> None:
    await clinic.import_patients(patient(1))
    store = clinic.enrolments()
    await clinic.consent(consent("P-1", term=HOUR))
    for bad in (np.zeros((0,), np.float32), np.full(4, np.nan, np.float32)):
        with pytest.raises(ValueError):
            await store.save("P-1", "C-1", bad, PACK, 2, NOW, by=SERVICE)
    with pytest.raises(InputError, match="no consent to check-in in force"):
        await store.save("P-1", "C-1", vector(1), PACK, 2, NOW + HOUR, by=SERVICE)
    with pytest.raises(InputError, match="is document C-1, another than"):
        await store.save("P-1", "C-2", vector(1), PACK, 2, NOW, by=SERVICE)
    assert await clinic.count("templates") == 0
    await store.save("P-1", "", vector(1), PACK, 2, NOW, by=SERVICE)
    assert await clinic.count("templates") == await clinic.count("template_keys") == 1


VECTOR, KEY = ("templates", "sealed_vector"), ("template_keys", "wrapped_key")


@pytest.mark.parametrize("swapped", [(VECTOR,), (KEY,), (VECTOR, KEY)])
async def test_swapped_templates_do_not_open(
    clinic: Clinic, swapped: tuple[tuple[str, str], ...]
) -> None:
    await clinic.expect(1)
    await clinic.expect(2)
    await clinic.expect(3)
    both = [(await clinic.ids(1))[1], (await clinic.ids(2))[1]]
    for table, column in swapped:
        await clinic.execute(
            f"UPDATE {table} t SET {column} = o.{column} FROM {table} o, templates mine, "
            "templates theirs WHERE t.template_id = mine.template_id "
            "AND o.template_id = theirs.template_id AND mine.patient_id <> theirs.patient_id "
            "AND mine.patient_id = ANY($1) AND theirs.patient_id = ANY($1)",
            both,
        )
    gallery = clinic.gallery()
    ids = frozenset(key.template_id for key in await gallery.keys(NOW))
    with capture_logs() as logs:
        opened = await gallery.templates(ids, NOW)
        await gallery.templates(ids, NOW)
    assert [one.patient_id for one in opened] == [(await clinic.ids(3))[1]]
    left_out = [entry for entry in logs if entry["event"] == "template left out"]
    assert len(left_out) == 2, "each is logged once"


@pytest.mark.parametrize(
    "swap",
    [
        "sealed_profile = o.sealed_profile",
        "wrapped_key = o.wrapped_key",
        "sealed_profile = o.sealed_profile, wrapped_key = o.wrapped_key",
    ],
)
async def test_swapped_patients_do_not_open(clinic: Clinic, swap: str) -> None:
    await clinic.import_patients(patient(1), patient(2))
    await clinic.execute(
        f"UPDATE patients t SET {swap} FROM patients o WHERE t.patient_id <> o.patient_id"
    )
    database = clinic.database
    patients = Patients(database.postgres, database.vault, database.keyed_hash, SITE.id)
    with pytest.raises(VaultError, match="does not open"):
        await patients.by_ref("P-1")
    with pytest.raises(VaultError, match="does not open"):
        await clinic.import_patients(patient(1))


async def test_home_visits_are_imported_and_never_matched(clinic: Clinic) -> None:
    await clinic.import_patients(patient(1))
    await clinic.import_bookings(replace(booking(1), place=Place.HOME))
    await clinic.enrol(1)
    assert await _known(clinic) == frozenset()
