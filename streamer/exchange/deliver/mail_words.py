"""What an e-mail about a report says, in the three languages. No patient is in it."""

from typing import Final

SUBJECT: Final = {
    "kk": "Kirdi есебі: {site}, {period}, {number}-редакция",
    "ru": "Отчёт Kirdi: {site}, {period}, редакция {number}",
    "en": "Kirdi report: {site}, {period}, revision {number}",
}

_TEXT: Final = {
    "kk": (
        "Қабылдаулардың сәйкестігі туралы есеп: {site}, {period}.\n"
        "{number}-редакция ({state}), жасалған уақыты: {made_at}.\n\n{where}\n\n"
        "Тексеру үшін: {digest}\n"
        "Басып шығарылған есеп осы мәнмен салыстырылады."
    ),
    "ru": (
        "Отчёт о соответствии приёмов: {site}, {period}.\n"
        "Редакция {number}, {state}, составлена {made_at}.\n\n{where}\n\nДля проверки: {digest}\n"
        "С этим значением сверяют напечатанный отчёт."
    ),
    "en": (
        "Appointment-match report: {site}, {period}.\n"
        "Revision {number}, {state}, made {made_at}.\n\n{where}\n\nTo check it: {digest}\n"
        "A printed report is compared with this value."
    ),
}

_STATES: Final = {
    "kk": {"preliminary": "алдын ала есеп", "final": "түпкілікті есеп"},
    "ru": {"preliminary": "предварительная", "final": "окончательная"},
    "en": {"preliminary": "preliminary", "final": "final"},
}

_LINKED: Final = {"kk": "Қарау: {link}", "ru": "Открыть: {link}", "en": "See it: {link}"}

_ATTACHED: Final = {
    "kk": "Есеп осы хатқа тіркелген.",
    "ru": "Отчёт приложен к этому письму.",
    "en": "The report is attached.",
}


def subject_of(language: str, **values: object) -> str:
    """The line of the subject."""
    return SUBJECT[language].format(**values)


def text_of(language: str, state: str, link: str | None, **values: object) -> str:
    """The text; where there is a link the report itself is not attached."""
    where = _ATTACHED[language] if link is None else _LINKED[language].format(link=link)
    said = values | {"state": _STATES[language][state], "where": where}
    return _TEXT[language].format(**said) + "\n"
