import pytest

from streamer.domain.check_in import Recorded
from streamer.errors import InputError
from streamer.storage.consents import PostgresConsents
from tests.integration.storage.clinic import HOUR, NOW, SITE, Clinic


def consents(clinic: Clinic) -> PostgresConsents:
    return PostgresConsents(clinic.database.postgres, SITE.id)


async def test_a_withdrawal_ends_the_consent_and_deletes_the_template(any_clinic: Clinic) -> None:
    await any_clinic.expect(1)
    await any_clinic.expect(2)
    proposal = await any_clinic.proposal(1)
    await consents(any_clinic).withdraw("P-1", NOW + HOUR)
    row = await any_clinic.row(
        "SELECT status, withdrawn_at FROM consents c JOIN patients USING (patient_id) "
        "WHERE patient_ref = $1",
        "P-1",
    )
    assert [str(value) for value in row] == ["inactive", str(NOW + HOUR)]
    # The other patient's template stays.
    assert await any_clinic.count("templates") == 1
    (key,) = await any_clinic.gallery().keys(NOW)
    assert key.appointment_id == (await any_clinic.ids(2))[0]
    assert await any_clinic.check_ins().record(proposal) is Recorded.REFUSED_CONSENT


async def test_a_new_consent_may_follow_a_withdrawal(clinic: Clinic) -> None:
    await clinic.expect(1)
    await consents(clinic).withdraw("P-1", NOW)
    await clinic.enrol(1, "C-2")
    assert len(await clinic.gallery().keys(NOW)) == 1
    assert await clinic.count("consents") == 2


async def test_there_must_be_something_to_withdraw(clinic: Clinic) -> None:
    with pytest.raises(InputError, match="unknown"):
        await consents(clinic).withdraw("P-1", NOW)
    await clinic.expect(1)
    await consents(clinic).withdraw("P-1", NOW)
    with pytest.raises(InputError, match="no consent in force"):
        await consents(clinic).withdraw("P-1", NOW)
