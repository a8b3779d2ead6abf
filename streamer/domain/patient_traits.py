"""What rules about sex and age ask of a patient: two things of a profile that is sealed."""

from datetime import date

import msgspec


class PatientTraits(msgspec.Struct, frozen=True, gc=False):
    """Of one patient.

    Attributes:
        sex: `female` or `male`; None = not known.
        birth_date: None = not known.
    """

    sex: str | None = None
    birth_date: date | None = None
