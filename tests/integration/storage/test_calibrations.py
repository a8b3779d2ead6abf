"""What a site's calibration is made of, and that the newest one of the pack in use counts."""

import asyncio
from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID, uuid4

from config.settings import Match
from matcher.packs.open_pack import OPEN_PACK
from streamer.commands.calibrate_site import weigh
from streamer.domain.actor import SERVICE, Actor
from streamer.domain.check_in import Recorded
from streamer.domain.identity import Band
from streamer.domain.match_count import MatchCount
from streamer.domain.photo_agreement import PhotoAgreement
from streamer.domain.review import ReviewDecision
from streamer.domain.site_calibration import SiteCalibration
from streamer.score_rules import ScoreRules, tail_of
from streamer.storage.calibrations import PostgresCalibrations, ReviewTally
from streamer.storage.match_counts import PostgresMatchCounts
from streamer.storage.patients_list import PatientRow, PatientsList
from streamer.storage.undo import PostgresUndo
from streamer.tracking.fixed_thresholds import FixedThresholds
from tests.integration.storage.clinic import (
    LISTER,
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
from tests.integration.storage.test_reviews import record

DAY = date(2026, 11, 23)


def calibrations(clinic: Clinic, pack_id: str = PACK) -> PostgresCalibrations:
    base = clinic.database
    return PostgresCalibrations(base.postgres, base.vault, SITE.id, pack_id)


async def test_the_newest_of_the_pack_counts(clinic: Clinic) -> None:
    store = calibrations(clinic)
    assert await store.newest() is None
    first = SiteCalibration(
        PACK, NOW, "aigul", "f-1", 0.001, 120, 7140, 300, 0, '{"scores": [1.5]}'
    )
    second = replace(first, made_at=NOW + timedelta(hours=1), wrong_reviews=1)
    for one in (second, first):
        await store.save(one)
    assert await store.newest() == second
    assert await calibrations(clinic, "other").newest() is None


async def test_templates_of_those_who_consent_whatever_is_booked(clinic: Clinic) -> None:
    for number in (1, 2, 3):
        await clinic.import_patients(patient(number))
        await clinic.enrol(number)
    await clinic.withdraw(2)
    found = await calibrations(clinic).templates(NOW, SERVICE)
    assert len(found) == 2
    assert {float(one.vector[0]) for one in found} == {float(vector(1)[0]), float(vector(3)[0])}
    assert await calibrations(clinic, "other").templates(NOW, SERVICE) == []


async def test_photo_agreements_go_with_their_template(clinic: Clinic) -> None:
    await clinic.import_patients(patient(1))
    await clinic.consent(consent("P-1"))
    store = clinic.enrolments()
    for scores in ((5.5, 4.5), (7.0, 6.0, 5.0)):
        agreements = tuple(PhotoAgreement(0.25, one) for one in scores)
        await store.save("P-1", "C-1", vector(1), PACK, 3, NOW, by=SERVICE, agreements=agreements)
        assert await calibrations(clinic).genuine_scores() == sorted(scores)
    await clinic.execute("DELETE FROM templates")
    assert await calibrations(clinic).genuine_scores() == []


async def test_of_the_reviews_those_count_that_would_have_been_accepted(clinic: Clinic) -> None:
    _, anna = await clinic.expect(1)
    _, bota = await clinic.expect(2)
    store, pair = clinic.reviews(), uuid4()
    await store.decide([record(anna)], [], SERVICE)
    await store.decide([record(anna, ReviewDecision.REJECTED)], [], SERVICE)
    await store.decide([record(anna, ReviewDecision.EXPIRED)], [], SERVICE)
    await store.decide([record(anna, ReviewDecision.REJECTED, band=Band.REVIEW)], [], SERVICE)
    await store.decide(
        [
            record(anna, ReviewDecision.OTHER, review_id=pair),
            record(bota, review_id=pair, lead=False),
        ],
        [],
        SERVICE,
    )
    assert await calibrations(clinic).reviews() == ReviewTally(decided=3, wrong=2, expired=1)
    assert await calibrations(clinic, "other").reviews() == ReviewTally(0, 0, 0)


async def arrives(clinic: Clinic, number: int, *, decided_by: str | None = None) -> None:
    made = replace(await clinic.proposal(number), decided_by=decided_by)
    assert await clinic.check_ins().record(made) is Recorded.WRITTEN


async def undone(clinic: Clinic, number: int, *, wrong_person: bool) -> None:
    undo = PostgresUndo(clinic.database.postgres, clinic.clock, clinic.schedules(), SITE.id, ZONE)
    await undo.undo(f"A-{number}", Actor("aigul"), "a mistake", wrong_person)


async def test_whoever_was_the_wrong_person_counts_as_wrong(clinic: Clinic) -> None:
    """Confirmed first, or arrived without a glance: a person has said so in the end."""
    people = [await clinic.expect(number) for number in (1, 2, 3, 4)]
    store = clinic.reviews()
    for number, (_, patient_id) in enumerate(people[:2], 1):
        await store.decide([record(patient_id)], [], SERVICE)
        await arrives(clinic, number, decided_by="aigul")
    for number in (3, 4):
        await arrives(clinic, number)
    assert await calibrations(clinic).reviews() == ReviewTally(decided=2, wrong=0, expired=0)
    await undone(clinic, 1, wrong_person=True)
    assert await calibrations(clinic).reviews() == ReviewTally(decided=2, wrong=1, expired=0)
    await undone(clinic, 3, wrong_person=True)
    assert await calibrations(clinic).reviews() == ReviewTally(decided=3, wrong=2, expired=0)
    # That somebody took the wrong row says nothing about the match.
    for number in (2, 4):
        await undone(clinic, number, wrong_person=False)
    assert await calibrations(clinic).reviews() == ReviewTally(decided=3, wrong=2, expired=0)
    assert await calibrations(clinic, "other").reviews() == ReviewTally(0, 0, 0)


async def test_a_wrong_person_at_two_appointments_is_one_match(clinic: Clinic) -> None:
    await clinic.expect(1)
    await clinic.import_bookings(booking(2, 1))
    seen = await clinic.proposal(1)
    other, _ = await clinic.ids(2)
    for one in (seen, replace(seen, event_id=uuid4(), appointment_id=other)):
        await clinic.check_ins().record(one)
    await undone(clinic, 1, wrong_person=True)
    await undone(clinic, 2, wrong_person=True)
    assert await calibrations(clinic).reviews() == ReviewTally(decided=1, wrong=1, expired=0)


async def test_counts_of_a_day_add_up(clinic: Clinic) -> None:
    store = PostgresMatchCounts(clinic.database.postgres, SITE.id, PACK)
    assert await calibrations(clinic).largest_gallery() is None
    await store.add([MatchCount(DAY, "lobby-1", 2, 40, 30, 1, 1)])
    await store.add(
        [MatchCount(DAY, "lobby-2", 1, 9, 9, 0, 0), MatchCount(DAY, "lobby-1", 1, 20, 20, 1, 0)]
    )
    assert await store.all() == [
        MatchCount(DAY, "lobby-1", 3, 60, 30, 2, 1),
        MatchCount(DAY, "lobby-2", 1, 9, 9, 0, 0),
    ]
    assert await calibrations(clinic).largest_gallery() == 30


async def test_a_change_of_pack_says_who_must_be_enrolled_anew(clinic: Clinic) -> None:
    for number in (1, 2, 3):
        await clinic.import_patients(patient(number))
        await clinic.enrol(number)
    await clinic.withdraw(3)
    await clinic.execute(
        "UPDATE templates SET pack_id = 'new' WHERE patient_id = $1", await owner(clinic)
    )
    listed = PatientsList(clinic.database.postgres, SITE.id, "new")
    assert await listed.all(clinic.pages, LISTER) == [
        PatientRow("P-1", "C-1", ("new",), needs_enrolment=False),
        PatientRow("P-2", "C-1", (PACK,), needs_enrolment=True),
    ]
    assert await listed.count_needing_enrolment(NOW) == 1
    assert (
        await PatientsList(clinic.database.postgres, SITE.id, PACK).count_needing_enrolment(NOW)
        == 1
    )


async def owner(clinic: Clinic) -> UUID:
    found: tuple[UUID, ...] = await clinic.row(
        "SELECT patient_id FROM patients WHERE patient_ref = 'P-1'"
    )
    return found[0]


async def test_a_site_is_calibrated_once_its_patients_and_looks_suffice(clinic: Clinic) -> None:
    await clinic.import_patients(*(patient(number) for number in range(120)))
    await asyncio.gather(*(clinic.enrol(number) for number in range(119)))
    store, match = calibrations(clinic), Match()
    scale = OPEN_PACK.scores
    rules = ScoreRules(scale, None, FixedThresholds(scale.max_distance, scale.min_margin), "f-1")
    short = await weigh(store, PACK, rules, match, clinic.clock)
    assert ["119 enrolled" in short.missing[0], "0 matches" in short.missing[1]] == [True, True]
    assert await store.newest() is None

    await clinic.enrol(119)
    (anna,) = await clinic.row("SELECT patient_id FROM patients WHERE patient_ref = 'P-1'")
    await clinic.reviews().decide(
        [record(anna, review_id=uuid4()) for _ in range(299)], [], SERVICE
    )
    done = await weigh(store, PACK, rules, match, clinic.clock)
    assert done.missing == ()
    made = await store.newest()
    assert made is not None
    assert (made.patients, made.impostor_pairs, made.figures) == (120, 7140, "f-1")
    assert (made.decided_reviews, made.wrong_reviews, made.accept_fpir) == (299, 0, 0.001)
    assert tail_of(made.impostor_tail).people == 120

    # One mistake since: it stays as it was made, and a new one is refused.
    await clinic.reviews().decide([record(anna, ReviewDecision.REJECTED)], [], SERVICE)
    again = await weigh(store, PACK, rules, match, clinic.clock)
    assert "1 were somebody else" in again.missing[0]
    assert await store.newest() == made
