"""How old a patient is, and of which sex. Pure; used by rules about consents, claims and codes."""

from datetime import date, timedelta
from typing import Final

from streamer.domain.patient import Patient

MAJORITY: Final = 18
"""From this birthday on nobody speaks for a patient any more."""

# A Kazakh IIN begins with YYMMDD; the digit after it names century and sex.
_CENTURIES = {"1": 1800, "2": 1800, "3": 1900, "4": 1900, "5": 2000, "6": 2000}


def birth_date_of(patient: Patient) -> date | None:
    """The day a patient was born: as imported, else as the IIN has it; None = not known."""
    if patient.birth_date is not None:
        return patient.birth_date
    number = patient.id_number
    if patient.id_type != "iin" or number is None or len(number) != 12 or not number.isdigit():
        return None
    century = _CENTURIES.get(number[6])
    if century is None:
        return None
    try:
        return date(century + int(number[:2]), int(number[2:4]), int(number[4:6]))
    except ValueError:
        return None


def sex_of(patient: Patient) -> str | None:
    """`female` or `male`, as imported, else as the IIN has it; None = not known, or neither."""
    if patient.sex in ("female", "male"):
        return patient.sex
    number = patient.id_number
    if patient.sex is not None or patient.id_type != "iin" or number is None:
        return None
    if len(number) != 12 or not number.isdigit() or number[6] not in _CENTURIES:
        return None
    return "male" if int(number[6]) % 2 else "female"


def birthday(born: date, years: int) -> date:
    """The day on which somebody turns so old. Born on 29 February: 1 March in a common year."""
    try:
        return born.replace(year=born.year + years)
    except ValueError:
        return date(born.year + years, 2, 28) + timedelta(days=1)


def full_years(born: date, day: date) -> int:
    """How old somebody is on a day; negative before the birth."""
    years = day.year - born.year
    return years if birthday(born, years) <= day else years - 1


def may_have_guardian(patient: Patient, day: date) -> bool:
    """Is the patient under age on a day, as far as is known?

    Where no birth date is known nobody can say so, and no guardian speaks for them.
    """
    born = birth_date_of(patient)
    return born is not None and full_years(born, day) < MAJORITY
