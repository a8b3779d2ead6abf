"""The text message that carries a code, in the patient's language. Pure."""

from collections.abc import Sequence
from datetime import datetime, tzinfo
from typing import Final

_TEXTS: Final = {
    "kk": "{site}: тіркелу коды {code}. {until} дейін жарамды. Кодты ешкімге айтпаңыз.",
    "ru": "{site}: код для регистрации {code}. Действует до {until}. Никому его не сообщайте.",
    "en": "{site}: your check-in code is {code}. Valid until {until}. Tell it to nobody.",
}
_NUMBERS: Final = {
    "kk": " Таблодағы нөміріңіз: {numbers}.",
    "ru": " Ваш номер на табло: {numbers}.",
    "en": " Your number on the board: {numbers}.",
}
_OTHERWISE: Final = "ru"


def message(
    language: str | None,
    site: str,
    code: str,
    until: datetime,
    zone: tzinfo,
    tickets: Sequence[int] = (),
) -> str:
    """Return the text; without a language, or in another one, in Russian.

    Args:
        language: Of the patient: kk, ru or en.
        site: The polyclinic's name.
        code: Six digits.
        until: Aware; shown in the site's zone.
        zone: The site's.
        tickets: By which numbers the board calls the patient.
    """
    spoken = (language or "").lower()[:2]
    spoken = spoken if spoken in _TEXTS else _OTHERWISE
    text = _TEXTS[spoken].format(
        site=site, code=code, until=f"{until.astimezone(zone):%d.%m %H:%M}"
    )
    if tickets:
        text += _NUMBERS[spoken].format(numbers=", ".join(map(str, tickets)))
    return text
