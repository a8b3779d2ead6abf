"""What should be known is said in the page's language, and English is marked as English."""

import re

from streamer.domain.consent import Language
from streamer.domain.remark import Remark
from streamer.web.pages.catalogues import read_catalogues
from streamer.web.pages.remark_words import REMARKS
from streamer.web.pages.rendering import _environment
from tests.data import ROOT

_MADE = re.compile(r'\bRemark\(\s*"(\w+)"')


def shown(template: str, **values: object) -> str:
    environment = _environment(read_catalogues()[Language.RU])
    return environment.from_string(template).render(**values)


def test_every_remark_has_words_and_every_word_a_remark() -> None:
    files = (ROOT / "streamer").rglob("*.py")
    made = {code for one in files for code in _MADE.findall(one.read_text(encoding="utf-8"))}
    assert made == set(REMARKS)


def test_a_remark_is_said_with_what_it_names() -> None:
    values = {"pack": "open", "groups": "masked faces, Martians"}
    said = shown("{{ one|remark }}", one=Remark("pack_weak", "in English", values))
    assert said == "Набор моделей open хуже узнаёт: лица в масках, Martians."


def test_english_is_marked_and_markup_is_text() -> None:
    one = Remark("job", "job <b>x</b>: never ran")
    assert '<span class="hint" lang="en">job &lt;b&gt;' in shown("{{ one|remark }}", one=one)
    assert shown("{{ one|said }}", one="masked faces") == "лица в масках"
    assert shown("{{ one|said }}", one="<i>") == '<span lang="en">&lt;i&gt;</span>'
    assert shown("{{ one|state('cache') }}", one="away") == "не отвечает"
