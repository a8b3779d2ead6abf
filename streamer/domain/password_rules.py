"""What a password must be: long and not on everybody's list. Pure. After NIST SP 800-63B, 5.1.1.2.

No rule about capitals, figures or signs: such rules make passwords worse.
"""

import unicodedata
from typing import Final

MIN_LENGTH: Final = 12
MAX_LENGTH: Final = 256

_KEYBOARDS: Final = (
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiopasdfghjklzxcvbnm",
    "qazwsxedcrfvtgbyhnujmikolp",
    "1q2w3e4r5t6y7u8i9o0p",
    "12345678901234567890",
    "09876543210987654321",
    "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
    "йцукенгшщзхъфывапролджэячсмитьбю",
    "йфяцычувскамепинртгоьшлбщдюзжхэъ",
)
# What is left of a password once figures and signs around it are taken away.
_WORDS: Final = frozenset(
    {
        "password",
        "passwort",
        "passw0rd",
        "p@ssword",
        "p@ssw0rd",
        "parol",
        "пароль",
        "құпиясөз",
        "кұпиясөз",
        "admin",
        "administrator",
        "adminadmin",
        "welcome",
        "letmein",
        "changeme",
        "changemenow",
        "default",
        "secret",
        "iloveyou",
        "kazakhstan",
        "qazaqstan",
        "казахстан",
        "қазақстан",
        "almaty",
        "алматы",
        "astana",
        "астана",
        "hospital",
        "polyclinic",
        "poliklinika",
        "поликлиника",
        "емхана",
        "больница",
        "clinic",
        "doctor",
        "reception",
        "registratura",
        "регистратура",
        "kirdi",
        "кірді",
        "summer",
        "winter",
        "spring",
        "autumn",
    }
)
_LONGEST_PIECE: Final = 4


def fault_of(password: str, account: str) -> str | None:
    """Return what is wrong with a password, or None.

    Args:
        password: As typed.
        account: Whose it is to be.
    """
    text = unicodedata.normalize("NFKC", password)
    if len(text) < MIN_LENGTH:
        return f"it is shorter than {MIN_LENGTH} characters; a few words in a row are easy to keep"
    if len(text) > MAX_LENGTH:
        return f"it is longer than {MAX_LENGTH} characters"
    small = text.casefold()
    if account.casefold() in small and len(small) - len(account) < MIN_LENGTH:
        return "the account's name is most of it"
    letters = "".join(character for character in small if character.isalpha())
    if _repeats(small) or _runs(small) or _common(small) or _runs(letters or small):
        return "it is one of those that are tried first; choose another"
    return None


def _repeats(text: str) -> bool:
    """A piece of up to four characters over and over."""
    return any(
        text == (text[:size] * len(text))[: len(text)] for size in range(1, _LONGEST_PIECE + 1)
    )


def _runs(text: str) -> bool:
    """Along a keyboard or an alphabet, there or back, perhaps more than once."""
    for line in _KEYBOARDS:
        endless = line * (MAX_LENGTH // len(line) + 2)
        if text in endless or text in endless[::-1]:
            return True
    return False


def _common(text: str) -> bool:
    bare = "".join(character for character in text if character.isalpha() or character in "@0")
    words = {text.strip("0123456789!?.,-_#*+$ "), bare, bare.strip("0@")}
    halves = {word[: len(word) // 2] for word in words if word[: len(word) // 2] * 2 == word}
    return bool((words | halves) & _WORDS)
