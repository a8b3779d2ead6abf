"""What a breach asks for: three languages that say the same, nobody's name, a list that opens."""

import csv
import io
import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from importlib.resources import files
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from streamer.domain.incident import Access, Affected, Breach, IncidentFacts, Scope
from streamer.exchange.incident_papers import (
    LANGUAGES,
    Particulars,
    filled,
    list_of_affected,
    papers,
    report,
)

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
ALMATY = ZoneInfo("Asia/Almaty")
PARTICULARS = Particulars("ТОО «Емхана»", "Әлия, +7 701", "", NOW.astimezone(ALMATY))
CHILD = Affected(
    "P-1", "Әлия Қожа", "900101450123", None, "kk", True, (("Ерлан Қожа", "+77017654321"),), True,
    (Breach.KEYS,),
)  # fmt: skip
ADULT = Affected("P-2", "=cmd()", None, "+77011234567", "ru", False, (), False, (Breach.KEYS,))


def facts(what: tuple[Breach, ...] = tuple(Breach)) -> IncidentFacts:
    access = Access("aigul", "patient-read", "R", "0", 3, 2, NOW, NOW)
    scope = Scope(NOW, NOW, NOW, what)
    return IncidentFacts(
        uuid4(), "Емхана", scope, (CHILD, ADULT), 1, dict.fromkeys(what, 3), (access,)
    )


def placeholders(kind: str, language: str) -> set[str]:
    name = f"incident_{kind}.{language}.txt"
    text = files("streamer.exchange").joinpath("documents", name).read_text(encoding="utf-8")
    return set(re.findall(r"\{(\w+)\}", text))


@pytest.mark.parametrize("kind", ["letter", "notice"])
def test_every_language_says_the_same(kind: str) -> None:
    assert placeholders(kind, "kk") == placeholders(kind, "ru") == placeholders(kind, "en")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", ["letter", "notice"])
@pytest.mark.parametrize("what", [(one,) for one in Breach] + [tuple(Breach)])
def test_everything_is_filled_in(kind: str, language: str, what: tuple[Breach, ...]) -> None:
    text = filled(kind, language, facts(what), PARTICULARS)
    assert "{" not in text
    assert "ТОО «Емхана»" in text
    # What nobody said is left to be written by hand.
    assert "____" in text
    if kind == "notice":
        assert "94-V" in text
        assert "481/НҚ" in text
        assert "2026-11-23 09:00" in text


def test_key_and_database_together_open_what_neither_does() -> None:
    alone = filled("letter", "en", facts((Breach.DATABASE,)), PARTICULARS)
    both = filled("letter", "en", facts((Breach.DATABASE, Breach.KEYS)), PARTICULARS)
    assert "can't be read without the key" in alone
    assert "can't be read" not in both


def test_no_paper_names_anybody() -> None:
    made = papers(facts(), PARTICULARS)
    assert len(made) == 13
    for name, content in made.items():
        for word in ("Қожа", "900101450123", "77011234567", "P-1"):
            assert word.encode() not in content, name
    said = json.loads(made["report.json"])
    assert said["people"] == {
        "affected": 3, "erased": 1, "minors": 1, "templates": 1, "without_contact": 0,
    }  # fmt: skip
    assert said["accesses"][0]["account"] == "aigul"


def test_the_list_names_everybody_and_is_no_formula() -> None:
    rows = list(csv.DictReader(io.StringIO(list_of_affected(facts()).decode("utf-8-sig"))))
    assert rows[0]["guardians"] == "Ерлан Қожа +77017654321"
    assert rows[0]["id_number"] == "900101450123"
    assert rows[1]["full_name"] == "'=cmd()"
    assert rows[1]["phone"] == "+77011234567"


def test_who_cannot_be_reached_is_counted() -> None:
    lonely = replace(ADULT, phone=None)
    said = json.loads(report(replace(facts(), affected=(lonely,)), PARTICULARS))
    assert said["people"]["without_contact"] == 1
