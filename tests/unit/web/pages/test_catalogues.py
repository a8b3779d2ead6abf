"""Every text of the console is said in every language: none missing, none left over, none half."""

import html
import io
import re
from collections.abc import Iterator
from typing import get_args

import pytest
from babel.messages.extract import extract
from babel.messages.pofile import read_po

from config.section import Section
from config.settings import Settings
from streamer.domain.consent import Language
from streamer.web.pages.catalogues import (
    catalogue_files,
    read_catalogue,
    read_catalogues,
)
from streamer.web.pages.rendering import _environment
from tests.data import ROOT

WEB = ROOT / "streamer" / "web"
OTHERS = [one for one in Language if one is not Language.EN]
PLACES = re.compile(r"%\(\w+\)[sd]|\{\w+\}")
KAZAKH = re.compile("[ӘәҒғҚқҢңӨөҰұҮүҺһІі]")
VALUES = re.compile(r"%\((\w+)\)[sd]")


def texts_of_pages() -> Iterator[tuple[str, str]]:
    """Every text that a template or a page's module marks, and where."""
    for path in sorted((WEB / "templates").rglob("*.html")):
        source = io.BytesIO(path.read_bytes())
        for _line, found, *_ in extract("jinja2", source, options={"newstyle_gettext": "true"}):
            yield from ((one, path.name) for one in _parts(found))
    for path in sorted((WEB / "pages").rglob("*.py")):
        for _line, found, *_ in extract("python", io.BytesIO(path.read_bytes())):
            yield from ((one, path.name) for one in _parts(found))


def descriptions() -> Iterator[tuple[str, str]]:
    """What every setting means, as the page Settings tells it."""
    for name, field in Settings.model_fields.items():
        (section,) = [
            one
            for one in (field.annotation, *get_args(field.annotation))
            if isinstance(one, type) and issubclass(one, Section)
        ]
        for key, about in section.model_fields.items():
            assert about.description, f"{name}.{key}"
            yield about.description, f"{name}.{key}"


def _parts(found: object) -> list[str]:
    return [found] if isinstance(found, str) else [str(one) for one in found]  # type: ignore[attr-defined]


USED = dict(texts_of_pages()) | dict(descriptions())


def test_texts_are_found() -> None:
    assert len(USED) > 20
    assert "Today" in USED


@pytest.mark.parametrize("language", OTHERS)
def test_every_text_is_translated(language: Language) -> None:
    catalogue = read_catalogue(language)
    said = {text for one in catalogue if one.id for text in _ids(one.id)}
    missing = sorted(f"{text!r} ({place})" for text, place in USED.items() if text not in said)
    assert missing == []


@pytest.mark.parametrize("language", OTHERS)
def test_nothing_is_left_over_or_half_done(language: Language) -> None:
    for file in catalogue_files(language):
        for message in read_po(io.BytesIO(file.read_bytes()), locale=language.value):
            if not message.id:
                continue
            assert set(_ids(message.id)) & set(USED), f"{file.name}: {message.id!r} is not used"
            strings = _ids(message.string)
            assert all(strings), f"{file.name}: {message.id!r} is empty"
            assert not message.fuzzy, f"{file.name}: {message.id!r} is fuzzy"
            for string in strings:
                places = set(PLACES.findall(string))
                wanted = set(PLACES.findall(" ".join(_ids(message.id))))
                assert places <= wanted, f"{file.name}: {message.id!r}"
                if not isinstance(message.id, tuple):
                    assert places == wanted, f"{file.name}: {message.id!r}"


@pytest.mark.parametrize("language", list(Language))
def test_every_text_can_be_shown(language: Language) -> None:
    """A bare percent sign makes a template fail where it is shown, and only there."""
    said = (
        {} if language is Language.EN else {one.id: one.string for one in read_catalogue(language)}
    )
    environment = _environment(read_catalogues()[language])
    for text, place in USED.items():
        values = dict.fromkeys(VALUES.findall(text), 7)
        line = environment.from_string("{{ gettext(text, **values) }}")
        shown = html.unescape(line.render(text=text, values=values))
        wanted = str(said.get(text) or text)
        for name in values:
            wanted = re.sub(rf"%\({name}\)[sd]", "7", wanted)
        assert shown == wanted.replace("%%", "%"), f"{place}: {text!r}"
        # Words of modules are put into pages as they are, too (`translated`).
        assert place.endswith(".html") or "%" not in wanted, f"{place}: {text!r}"


def test_kazakh_is_kazakh() -> None:
    text = "".join(str(one.string) for one in read_catalogue(Language.KK) if one.id)
    assert len(KAZAKH.findall(text)) > len(text) / 20


def _ids(identity: object) -> tuple[str, ...]:
    return tuple(identity) if isinstance(identity, tuple | list) else (str(identity),)
