"""What rests on a face needs a consent that has held ever since the face was seen."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from streamer.checkin.afterwards import arrival_afterwards
from streamer.domain.actor import SERVICE, Actor
from streamer.domain.check_in import Recorded
from streamer.domain.consent import EndReason
from tests.integration.storage.clinic import (
    CHECK_IN,
    NOW,
    SITE,
    Clinic,
    booking,
    consent,
    moved,
)
from tests.integration.storage.test_day_facts import POLICY, facts, seen
from tests.integration.storage.test_reviews import record

MINUTE = 60


async def late(clinic: Clinic) -> int:
    return len(await facts(clinic).late_bookings(clinic.clock.now()))


async def end(clinic: Clinic, reason: EndReason = EndReason.WITHDRAWN) -> None:
    now = clinic.clock.now()
    await clinic.consents().withdraw("P-1", (CHECK_IN,), SERVICE, now, reason)


async def sign(clinic: Clinic, document: str, given_minutes_ago: int = 0) -> None:
    given_at = clinic.clock.now() - timedelta(minutes=given_minutes_ago)
    assert await clinic.consent(consent("P-1", document, given_at=given_at))


@pytest.mark.parametrize("reason", [EndReason.WITHDRAWN, EndReason.ENTERED_IN_ERROR])
@pytest.mark.parametrize("backdated", [0, 30])
async def test_what_was_seen_before_a_withdrawal_serves_no_later_consent(
    clinic: Clinic, reason: EndReason, backdated: int
) -> None:
    await clinic.expect(1)
    before = await clinic.proposal(1)
    presence = await seen(clinic)
    clinic.clock.advance(12 * MINUTE)
    await end(clinic, reason)
    await clinic.import_bookings(moved(booking(2, patient_number=1), 0.5))
    assert await late(clinic) == 0
    clinic.clock.advance(5 * MINUTE)
    await sign(clinic, "C-3", backdated)
    assert await late(clinic) == 0
    # As a spool hands it over, or whoever confirms a review of it.
    assert await clinic.check_ins().record(before) is Recorded.REFUSED_CONSENT
    by_person = replace(before, event_id=uuid4(), decided_by="aigul")
    decision = record(before.patient_id, appointments=(before.appointment_id,))
    written = await clinic.reviews().decide([decision], [by_person], Actor("aigul"))
    assert written.check_ins == (Recorded.REFUSED_CONSENT,)
    again = replace(presence, presence_id=uuid4())
    assert await clinic.presences().record(again) is Recorded.REFUSED_CONSENT
    assert await clinic.count("check_ins") == 0
    assert {one.status for one in await clinic.appointments()} == {"booked"}
    # What is seen from now on counts; and so does it once a further document takes its place.
    clinic.clock.advance(MINUTE)
    after = await clinic.proposal(1)
    await sign(clinic, "C-4")
    assert await clinic.check_ins().record(before) is Recorded.REFUSED_CONSENT
    assert await clinic.check_ins().record(after) is Recorded.WRITTEN


async def test_who_is_in_as_of_now_needs_a_consent_since_they_were_seen(clinic: Clinic) -> None:
    """Seen too early, confirmed once the window is open: it rests on that one look at the face."""
    await clinic.expect(1)
    seen_at = (await clinic.proposal(1)).occurred_at
    clinic.clock.advance(MINUTE)
    await end(clinic)
    await sign(clinic, "C-2")
    described = await clinic.reviews().describe([(await clinic.proposal(1)).patient_id], ())
    assert described.consenting(clinic.clock.now()), "signed anew"
    assert not described.consenting(seen_at), "what waits rests on the one before"
    clinic.clock.advance(MINUTE)
    as_of_now = replace(await clinic.proposal(1), decided_by="aigul")
    before = replace(as_of_now, event_id=uuid4(), seen_at=seen_at)
    assert before.occurred_at == as_of_now.occurred_at > seen_at
    assert await clinic.check_ins().record(before) is Recorded.REFUSED_CONSENT
    assert await clinic.check_ins().record(as_of_now) is Recorded.WRITTEN


async def test_a_document_in_anothers_place_goes_back_to_it(clinic: Clinic) -> None:
    """A newer form of the text is signed at the desk; the patient came in before that."""
    await clinic.expect(1)
    clinic.clock.advance(MINUTE)
    proposal = await clinic.proposal(1)
    await seen(clinic, 1)
    clinic.clock.advance(MINUTE)
    await sign(clinic, "C-2")
    clinic.clock.advance(MINUTE)
    await sign(clinic, "C-3")
    (found,) = await facts(clinic).late_bookings(clinic.clock.now())
    assert arrival_afterwards(found, POLICY, {}, SITE.id) is not None
    assert await clinic.check_ins().record(proposal) is Recorded.WRITTEN


async def test_a_term_that_ended_in_between_is_a_gap(clinic: Clinic) -> None:
    await clinic.expect(1)
    proposal = await clinic.proposal(1)
    await clinic.execute("UPDATE consents SET expires_at = $1", NOW + timedelta(minutes=5))
    clinic.clock.advance(10 * MINUTE)
    await sign(clinic, "C-2")
    assert await clinic.check_ins().record(proposal) is Recorded.REFUSED_CONSENT


async def test_who_had_not_consented_yet_is_not_seen(clinic: Clinic) -> None:
    """As of a copy of the gallery that was a moment old."""
    await clinic.expect(1)
    proposal = replace(await clinic.proposal(1), occurred_at=NOW - timedelta(seconds=1))
    assert await clinic.check_ins().record(proposal) is Recorded.REFUSED_CONSENT


async def test_a_consent_of_an_earlier_version_counts_from_its_own_day(clinic: Clinic) -> None:
    """It was not kept when it was recorded, nor why it ended."""
    await clinic.expect(1)
    await clinic.execute("UPDATE consents SET recorded_at = NULL")
    proposal = await clinic.proposal(1)
    clinic.clock.advance(MINUTE)
    await clinic.withdraw(1)
    clinic.clock.advance(MINUTE)
    await sign(clinic, "C-2", 60)
    assert await clinic.check_ins().record(proposal) is Recorded.REFUSED_CONSENT
    await clinic.execute("UPDATE consents SET recorded_at = NULL, given_at = $1", NOW)
    await clinic.execute("DELETE FROM consents WHERE status = 'inactive'")
    assert await clinic.check_ins().record(proposal) is Recorded.WRITTEN
