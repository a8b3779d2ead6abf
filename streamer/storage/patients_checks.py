"""What an import of patients refuses before anything is written. Pure; errors repeat no value."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from streamer.crypto.keyed_hash import normalise_number
from streamer.domain.patient import Patient
from streamer.domain.rows import where
from streamer.errors import InputError

# Of any clock on earth: no zone is farther ahead, so what is later is a slip everywhere.
_FARTHEST_AHEAD = timedelta(hours=14)


def refuse_bad_references(patients: Sequence[Patient]) -> None:
    """References stand in clear everywhere: nobody's identity number may serve as one.

    Raises:
        InputError: An identity number as a reference, one used twice, or somebody's own guardian.
    """
    numbers = {normalise_number(one.id_number) for one in patients if one.id_number}
    seen: set[str] = set()
    for index, one in enumerate(patients):
        if normalise_number(one.patient_ref) in numbers:
            raise InputError(
                f"{where(patients, index, 'patient_ref')}: is an identity number; "
                "use the hospital system's own opaque reference"
            )
        if one.patient_ref in seen:
            raise InputError(
                f"{where(patients, index, 'patient_ref')}: stands there twice; leave one "
                "of them out"
            )
        seen.add(one.patient_ref)
        if one.patient_ref in one.guardian_refs:
            raise InputError(
                f"{where(patients, index, 'guardian_refs')}: nobody is their own guardian; "
                "name somebody else or nobody"
            )


def refuse_future_dates(patients: Sequence[Patient], now: datetime) -> None:
    """Nobody was born or died after today; a death destroys templates, which can't be taken back.

    Args:
        patients: The file's.
        now: Aware.

    Raises:
        InputError: Names line and column.
    """
    today = (now.astimezone(UTC) + _FARTHEST_AHEAD).date()
    for index, one in enumerate(patients):
        for column, day in (("birth_date", one.birth_date), ("deceased_on", one.deceased_on)):
            if day is not None and day > today:
                raise InputError(
                    f"{where(patients, index, column)}: lies in the future; correct the date"
                )


def refuse_shared_numbers(
    patients: Sequence[Patient], hashes: Sequence[bytes | None], taken: Iterable[bytes]
) -> None:
    """Two patients of a site cannot have one identity number.

    Args:
        patients: The file's.
        hashes: Their numbers' keyed hashes as they will be stored, in the same order.
        taken: Hashes of patients outside the file.

    Raises:
        InputError: Names the line of the second.
    """
    used = set(taken)
    for index, number_hash in enumerate(hashes):
        if number_hash is None:
            continue
        if number_hash in used:
            raise InputError(
                f"{where(patients, index, 'id_number')}: another patient of this site has this "
                "number; correct one of the two, or use that patient's patient_ref"
            )
        used.add(number_hash)
