"""The text message that carries a code, in the patient's language. Pure."""

from datetime import datetime, tzinfo
from typing import Final

_TEXTS: Final = {
    "kk": "{site}: тіркелу коды {code}. {until} дейін жарамды. Кодты ешкімге айтпаңыз.",
    "ru": "{site}: код для регистрации {code}. Действует до {until}. Никому его не сообщайте.",
    "en": "{site}: your check-in code is {code}. Valid until {until}. Tell it to nobody.",
}
_OTHERWISE: Final = "ru"


def message(language: str | None, site: str, code: str, until: datetime, zone: tzinfo) -> str:
    """Return the text; without a language, or in another one, in Russian.

    Args:
        language: Of the patient: kk, ru or en.
        site: The polyclinic's name.
        code: Six digits.
        until: Aware; shown in the site's zone.
        zone: The site's.
    """
    text = _TEXTS.get((language or "").lower()[:2], _TEXTS[_OTHERWISE])
    return text.format(site=site, code=code, until=f"{until.astimezone(zone):%d.%m %H:%M}")
