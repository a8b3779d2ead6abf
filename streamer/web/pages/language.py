"""Which language and which colours a page is shown in. Pure; used by `rendering`."""

from typing import Final, Literal

from starlette.requests import Request

from streamer.domain.consent import Language

LANGUAGE_COOKIE: Final = "kirdi-language"
THEME_COOKIE: Final = "kirdi-theme"

Theme = Literal["auto", "light", "dark"]

OWN_NAMES: Final = {Language.KK: "Қазақша", Language.RU: "Русский", Language.EN: "English"}


def language_of(request: Request, otherwise: Language) -> Language:
    """The one chosen on the page; else the first that the browser asks for; else the site's."""
    chosen = request.cookies.get(LANGUAGE_COOKIE, "")
    if chosen in list(Language):
        return Language(chosen)
    for one in _asked(request.headers.get("accept-language", "")):
        if one in list(Language):
            return Language(one)
    return otherwise


def theme_of(request: Request) -> Theme:
    """The one chosen on the page; else as the system is."""
    chosen = request.cookies.get(THEME_COOKIE)
    return "light" if chosen == "light" else "dark" if chosen == "dark" else "auto"


def _asked(header: str) -> list[str]:
    """Primary languages of an Accept-Language header (RFC 9110), the most wanted first."""
    weighed = []
    for place, one in enumerate(header[:512].split(",")):
        tag, _, parameter = one.strip().partition(";")
        weight = parameter.strip().removeprefix("q=") or "1"
        try:
            weighed.append((-float(weight), place, tag.strip().lower().partition("-")[0]))
        except ValueError:
            continue
    return [tag for weight, _, tag in sorted(weighed) if weight < 0]
