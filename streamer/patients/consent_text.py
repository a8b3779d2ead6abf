"""What is read to a patient before a consent, in one of three languages. Called by the commands.

The words are files of this package, `consent_texts/PURPOSE.VERSION.LANGUAGE.md`. A text that
somebody has agreed to is never edited: changed words are a new version.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from string import Template

from config.settings import Consent
from streamer.domain.consent import ConsentPurpose, ConsentText, Language


@dataclass(frozen=True, slots=True)
class _Words:
    """What stands in a text where the settings name nothing, and around what they name."""

    reception: str
    nobody: str
    somebody: str


_WORDS = {
    Language.KK: _Words(
        "клиниканың тіркеу бөлімі",
        "Басқа ешкім. Клиника деректерді өңдеуді ешкімге тапсырмайды.",
        "Клиниканың тапсырмасы бойынша деректерді мыналар өңдейді: {names}. Олар бұдан басқа "
        "ешкімге берілмейді.",
    ),
    Language.RU: _Words(
        "регистратура клиники",
        "Больше никто. Обработку данных клиника никому не поручает.",
        "По поручению клиники данные обрабатывают: {names}. Больше они никому не передаются.",
    ),
    Language.EN: _Words(
        "the clinic's reception",
        "Nobody else. The clinic has nobody handle the data on its behalf.",
        "On the clinic's behalf the data is handled by: {names}. It is passed on to nobody else.",
    ),
}


def consent_text(
    purpose: ConsentPurpose, language: Language, settings: Consent, site_name: str
) -> ConsentText:
    """The newest version of a text, the clinic's particulars filled in.

    Args:
        purpose: What is agreed to.
        language: What it is read in.
        settings: Term, contact, third parties and how long backups are kept.
        site_name: The operator, where the settings name none.
    """
    version, text = max(_versions(purpose, language))
    words = _WORDS[language]
    names = "; ".join(settings.third_parties)
    body = Template(text).substitute(
        operator=settings.operator or site_name,
        contact=settings.contact or words.reception,
        term_days=settings.term_days,
        backups_kept_days=settings.backups_kept_days,
        third_parties=words.somebody.format(names=names) if names else words.nobody,
    )
    return ConsentText(purpose, version, language, body)


@cache
def _all_texts() -> dict[str, str]:
    folder = files("streamer.patients").joinpath("consent_texts")
    return {
        one.name: one.read_text(encoding="utf-8")
        for one in folder.iterdir()
        if one.name.endswith(".md")
    }


def _versions(purpose: ConsentPurpose, language: Language) -> Iterator[tuple[int, str]]:
    for name, text in _all_texts().items():
        named, version, spoken, _ = name.split(".")
        if (named, spoken) == (purpose.value, language.value):
            yield int(version), text
