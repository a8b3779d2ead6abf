"""Who may consent and who may be enrolled, case by case."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from streamer.domain.age import birth_date_of, birthday, full_years, may_have_guardian
from streamer.domain.consent import ConsentGiven, ConsentInForce, ConsentPurpose, IdentityCheck
from streamer.domain.patient import Patient
from streamer.errors import InputError
from streamer.patients.consent_rules import ConsentRules

# 23 November, 09:00 in Almaty.
NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
RULES = ConsentRules(365, 14, ZoneInfo("Asia/Almaty"))
LENIENT = ConsentRules(365, 6, ZoneInfo("Asia/Almaty"))
PATIENT = Patient("P-1", "Nobody", birth_date=date(1990, 1, 1))
MOTHER = Patient("P-2", "Nobody")  # of age, as far as anybody knows
CHILD = Patient("P-1", "Nobody", birth_date=date(2010, 5, 1), guardian_refs=("P-2", "P-3"))
IIN, YOUNG = "880101400126", "190101500000"
ADULT = date(2008, 11, 23)
MINOR = date(2008, 11, 24)
FOURTEEN = date(2012, 11, 23)
THIRTEEN = date(2012, 11, 24)
GIVEN = ConsentGiven(
    "P-1",
    ConsentPurpose.CHECK_IN,
    "C-1",
    NOW,
    NOW + timedelta(days=365),
    IdentityCheck.ID_DOCUMENT,
)
BY_GUARDIAN = replace(GIVEN, guardian_ref="P-2")
FOR_PAYER = replace(BY_GUARDIAN, purpose=ConsentPurpose.PAYER_EVIDENCE)
IN_FORCE = ConsentInForce(UUID(int=1), "C-1", NOW, NOW + timedelta(days=1), by_guardian=False)
BY_MOTHER = replace(IN_FORCE, by_guardian=True)


@pytest.mark.parametrize(
    ("given", "patient", "guardian"),
    [
        (GIVEN, PATIENT, None),
        (GIVEN, replace(PATIENT, birth_date=ADULT), None),
        (GIVEN, replace(PATIENT, birth_date=None, id_type="iin", id_number=IIN), None),
        (replace(FOR_PAYER, guardian_ref="P-2"), replace(CHILD, birth_date=None), MOTHER),
        (BY_GUARDIAN, CHILD, MOTHER),
        (BY_GUARDIAN, replace(CHILD, birth_date=FOURTEEN), MOTHER),
        (BY_GUARDIAN, replace(CHILD, birth_date=MINOR), MOTHER),
        # An adult may have a guardian, too.
        (BY_GUARDIAN, replace(CHILD, birth_date=date(1950, 1, 1)), MOTHER),
        (FOR_PAYER, replace(CHILD, birth_date=date(2025, 1, 1)), MOTHER),
        (
            replace(GIVEN, purpose=ConsentPurpose.PAYER_EVIDENCE),
            replace(PATIENT, is_staff=True),
            None,
        ),
        (replace(GIVEN, expires_at=NOW + timedelta(hours=1)), PATIENT, None),
        (replace(GIVEN, given_at=NOW - timedelta(days=364)), PATIENT, None),
    ],
)
def test_who_may_consent(given: ConsentGiven, patient: Patient, guardian: Patient | None) -> None:
    given = replace(given, expires_at=min(given.expires_at, given.given_at + timedelta(days=365)))
    RULES.refuse_given(given, patient, guardian, NOW)


@pytest.mark.parametrize(
    ("given", "patient", "guardian", "words"),
    [
        (replace(GIVEN, document_ref=" "), PATIENT, None, "--document-ref"),
        (replace(GIVEN, given_at=NOW + timedelta(seconds=1)), PATIENT, None, "future"),
        (replace(GIVEN, expires_at=NOW + timedelta(days=367)), PATIENT, None, "term of 365 days"),
        (
            replace(GIVEN, given_at=NOW - timedelta(days=1), expires_at=NOW),
            PATIENT,
            None,
            "the last day that the consent is to hold is over; name one still to come",
        ),
        (
            replace(GIVEN, given_at=NOW - timedelta(days=365), expires_at=NOW),
            PATIENT,
            None,
            "the consent's term is over; have a new one signed",
        ),
        (GIVEN, replace(PATIENT, is_staff=True), None, "is staff"),
        (GIVEN, replace(PATIENT, birth_date=None), None, "birth date.*import.*birth_date"),
        (BY_GUARDIAN, replace(CHILD, birth_date=None), MOTHER, "no birth date is known"),
        (
            replace(FOR_PAYER, guardian_ref=None),
            replace(PATIENT, birth_date=None),
            None,
            "no birth",
        ),
        (
            GIVEN,
            replace(PATIENT, birth_date=None, id_type="iin", id_number=YOUNG),
            None,
            "under 14",
        ),
        (GIVEN, replace(PATIENT, deceased_on=date(2026, 1, 1)), None, "deceased"),
        (GIVEN, replace(PATIENT, birth_date=MINOR), None, "a guardian has to consent"),
        (BY_GUARDIAN, replace(CHILD, birth_date=THIRTEEN), MOTHER, "under 14, too young"),
        (BY_GUARDIAN, CHILD, None, "nobody who is this patient's guardian"),
        (BY_GUARDIAN, replace(CHILD, guardian_refs=("P-3",)), MOTHER, "nobody who is"),
        (BY_GUARDIAN, CHILD, replace(MOTHER, deceased_on=date(2026, 1, 1)), "cannot consent"),
        (BY_GUARDIAN, CHILD, replace(MOTHER, birth_date=MINOR), "cannot consent"),
        (
            replace(GIVEN, given_at=NOW - timedelta(days=2), expires_at=NOW + timedelta(days=9)),
            replace(PATIENT, birth_date=ADULT),
            None,
            "a guardian has to consent",
        ),
        (
            replace(
                BY_GUARDIAN,
                given_at=NOW - timedelta(days=2),
                expires_at=NOW + timedelta(days=9),
            ),
            replace(CHILD, birth_date=ADULT),
            MOTHER,
            "have the patient sign",
        ),
    ],
)
def test_who_may_not(
    given: ConsentGiven, patient: Patient, guardian: Patient | None, words: str
) -> None:
    with pytest.raises(InputError, match=words) as caught:
        RULES.refuse_given(given, patient, guardian, NOW)
    assert "P-1" in str(caught.value)
    assert "Nobody" not in str(caught.value)


def test_a_site_may_lower_the_age() -> None:
    seven = replace(CHILD, birth_date=date(2019, 11, 23))
    LENIENT.refuse_given(BY_GUARDIAN, seven, MOTHER, NOW)
    LENIENT.refuse_enrolment(seven, BY_MOTHER, "", NOW)
    five = replace(CHILD, birth_date=date(2020, 11, 24))
    with pytest.raises(InputError, match="under 6, too young"):
        LENIENT.refuse_enrolment(five, BY_MOTHER, "", NOW)


@pytest.mark.parametrize(
    ("patient", "consent", "ref"),
    [
        (PATIENT, IN_FORCE, ""),
        (PATIENT, IN_FORCE, "C-1"),
        (PATIENT, replace(IN_FORCE, expires_at=None), ""),
        (replace(PATIENT, birth_date=None, id_type="iin", id_number=IIN), IN_FORCE, ""),
        (CHILD, BY_MOTHER, ""),
        (replace(PATIENT, birth_date=date(1950, 1, 1)), BY_MOTHER, ""),
    ],
)
def test_who_may_be_enrolled(patient: Patient, consent: ConsentInForce, ref: str) -> None:
    RULES.refuse_enrolment(patient, consent, ref, NOW)


@pytest.mark.parametrize(
    ("patient", "consent", "ref", "words"),
    [
        (PATIENT, None, "", "kirdi consents record"),
        (PATIENT, None, "C-1", "kirdi consents record"),
        (PATIENT, replace(IN_FORCE, expires_at=NOW), "", "kirdi consents record"),
        (PATIENT, IN_FORCE, "C-2", "is document C-1, another"),
        (replace(PATIENT, is_staff=True), IN_FORCE, "", "is staff"),
        (replace(PATIENT, deceased_on=date(2026, 1, 1)), IN_FORCE, "", "deceased"),
        (replace(CHILD, birth_date=THIRTEEN), BY_MOTHER, "", "too young"),
        (CHILD, IN_FORCE, "", "have a guardian consent"),
        # Of a consent that was recorded before this was asked.
        (replace(PATIENT, birth_date=None), IN_FORCE, "", "no birth date is known"),
        (replace(PATIENT, birth_date=None), BY_MOTHER, "", "no birth date is known"),
        (
            replace(CHILD, birth_date=ADULT),
            replace(BY_MOTHER, given_at=NOW - timedelta(days=1)),
            "",
            "have the patient sign",
        ),
    ],
)
def test_who_may_not_be_enrolled(
    patient: Patient, consent: ConsentInForce | None, ref: str, words: str
) -> None:
    with pytest.raises(InputError, match=words):
        RULES.refuse_enrolment(patient, consent, ref, NOW)


@pytest.mark.parametrize(
    ("born", "now", "of_age"),
    [
        # The 24th begins in Almaty at 19:00 UTC of the 23rd.
        (date(2008, 11, 24), datetime(2026, 11, 23, 18, 59, 59, tzinfo=UTC), False),
        (date(2008, 11, 24), datetime(2026, 11, 23, 19, 0, tzinfo=UTC), True),
        # 2026 has no 29 February: the day after the 28th it is.
        (date(2008, 2, 29), datetime(2026, 2, 28, 18, 59, tzinfo=UTC), False),
        (date(2008, 2, 29), datetime(2026, 2, 28, 19, 0, tzinfo=UTC), True),
        (None, datetime(2099, 1, 1, tzinfo=UTC), False),
    ],
)
def test_when_a_guardians_consent_ends(born: date | None, now: datetime, of_age: bool) -> None:
    given_at = now - timedelta(days=300)
    assert RULES.came_of_age(replace(CHILD, birth_date=born), given_at, now) is of_age


def test_a_guardian_of_an_adult_keeps_consenting() -> None:
    adult = replace(CHILD, birth_date=date(2008, 11, 23))
    assert not RULES.came_of_age(adult, NOW, NOW + timedelta(days=300))


@pytest.mark.parametrize(
    ("born", "years", "day"),
    [
        (date(2008, 5, 1), 18, date(2026, 5, 1)),
        (date(2008, 2, 29), 18, date(2026, 3, 1)),
        (date(2008, 2, 29), 4, date(2012, 2, 29)),
        (date(2008, 2, 29), 14, date(2022, 3, 1)),
    ],
)
def test_birthdays(born: date, years: int, day: date) -> None:
    assert birthday(born, years) == day
    assert full_years(born, day) == years
    assert full_years(born, day - timedelta(days=1)) == years - 1


@pytest.mark.parametrize(
    ("born", "day", "ward"),
    [
        (date(2008, 11, 24), date(2026, 11, 23), True),
        (date(2008, 11, 24), date(2026, 11, 24), False),
        (date(2008, 2, 29), date(2026, 2, 28), True),
        (date(2008, 2, 29), date(2026, 3, 1), False),
        (None, date(2026, 11, 23), False),
    ],
)
def test_until_when_a_guardian_speaks_for_a_patient(
    born: date | None, day: date, ward: bool
) -> None:
    assert may_have_guardian(replace(CHILD, birth_date=born), day) is ward


@pytest.mark.parametrize(
    ("number", "born"),
    [
        ("880101400126", date(1988, 1, 1)),
        ("120229500000", date(2012, 2, 29)),
        ("120229600000", date(2012, 2, 29)),
        ("990101200000", date(1899, 1, 1)),
        ("110229500000", None),
        ("880101000126", None),
        ("88010140012", None),
        ("88010140012x", None),
        (None, None),
    ],
)
def test_an_iin_tells_the_birth_date(number: str | None, born: date | None) -> None:
    patient = Patient("P-1", "Nobody", id_type="iin", id_number=number)
    assert birth_date_of(patient) == born
    assert birth_date_of(replace(patient, id_type="passport")) is None
    assert birth_date_of(replace(patient, birth_date=date(2001, 2, 3))) == date(2001, 2, 3)
