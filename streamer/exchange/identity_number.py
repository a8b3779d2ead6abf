"""Checks identity numbers. Pure; says what is wrong without repeating the number."""

import re
import unicodedata
from enum import StrEnum

_FIRST_WEIGHTS = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)
_SECOND_WEIGHTS = (3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2)
_IIN = re.compile(r"[0-9]{12}")
_DOCUMENT = re.compile(r"[^\W_]{4,32}")


class IdType(StrEnum):
    """The documents a patient is known by."""

    IIN = "iin"
    PASSPORT = "passport"
    BIRTH_CERTIFICATE = "birth_certificate"


def canonical_number(number: str) -> str:
    """Return the number as it is stored: no blanks, hyphens or numero signs, capitals."""
    folded = unicodedata.normalize("NFKC", number.replace("№", "")).upper()
    return "".join(character for character in folded if character not in " -–—/.")


def problem_of(id_type: IdType, number: str) -> str | None:
    """Say what is wrong with a canonical number, with the remedy; None where nothing is.

    An IIN has twelve digits, the last a check digit: the weighted sum of the first eleven modulo
    11, with a second row of weights where that gives 10, and no IIN where that gives 10 again (the
    rules under Kazakhstan's law 223-III of 12 January 2007 on registers of such numbers).
    """
    if id_type is not IdType.IIN:
        if _DOCUMENT.fullmatch(number):
            return None
        return "is no document number; write its 4 to 32 letters and digits"
    if not _IIN.fullmatch(number):
        return (
            "an IIN has 12 digits; a spreadsheet may have dropped a leading zero: format the "
            "column as text"
        )
    digits = [int(character) for character in number]
    check = _weighted(digits, _FIRST_WEIGHTS)
    if check == 10:
        check = _weighted(digits, _SECOND_WEIGHTS)
    if check != digits[11]:
        return "the check digit of this IIN is wrong; compare it with the document"
    return None


def _weighted(digits: list[int], weights: tuple[int, ...]) -> int:
    return sum(digit * weight for digit, weight in zip(digits[:11], weights, strict=True)) % 11
