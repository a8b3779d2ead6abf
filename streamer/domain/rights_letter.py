"""The number of a letter by which a patient asks for something; it is kept for years. Pure."""

import re
from typing import Final

# A document's number, and not what somebody says.
_LETTER: Final = re.compile(r"(?=.*\d)[\w./#№-]{1,64}")
_IDENTITY_NUMBER: Final = re.compile(r"\d{9}")


def fault_of_letter(number: str) -> str | None:
    """Return why this can't be kept as a letter's number, or None."""
    if _LETTER.fullmatch(number) and not _IDENTITY_NUMBER.search(number):
        return None
    return (
        "write the number of the patient's letter, such as 2026-114, in one word; it is kept for "
        "years, so no names and no identity numbers"
    )
