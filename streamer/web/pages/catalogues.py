"""The console's words in its languages: gettext catalogues, read once at the start.

Words stand in the templates in English; `locales/LANGUAGE/*.po` hold the others, a file per page.
Used by `rendering`.
"""

import gettext
import io
from collections.abc import Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from streamer.domain.consent import Language

_LOCALES: Final = files("streamer.web") / "locales"


def read_catalogues() -> Mapping[Language, gettext.NullTranslations]:
    """Read them all; English is what the templates say themselves. Blocking."""
    return {
        language: gettext.NullTranslations()
        if language is Language.EN
        else _compiled(read_catalogue(language))
        for language in Language
    }


def read_catalogue(language: Language) -> Catalog:
    """Put a language's files together.

    Raises:
        ValueError: Two files say the same differently.
    """
    whole = Catalog(locale=language.value)
    for file in catalogue_files(language):
        part = read_po(io.BytesIO(file.read_bytes()), locale=language.value)
        for message in part:
            if not message.id:
                continue
            known = whole.get(message.id, message.context)
            if known is not None and known.string != message.string:
                raise ValueError(f"{language}/{file.name}: {message.id!r} is said in two ways")
            whole[message.id] = message
    return whole


def catalogue_files(language: Language) -> list[Traversable]:
    """Return its files, by name."""
    folder = _LOCALES / language.value
    return sorted(
        (one for one in folder.iterdir() if one.name.endswith(".po")), key=lambda one: one.name
    )


def _compiled(catalogue: Catalog) -> gettext.GNUTranslations:
    held = io.BytesIO()
    write_mo(held, catalogue)
    held.seek(0)
    return gettext.GNUTranslations(held)
