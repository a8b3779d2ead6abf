"""docs/settings.md is what the models say, and the models say something of every key."""

from collections.abc import Iterator

import pytest
from pydantic import BaseModel

from config.load import _key_paths
from config.reference import settings_reference
from config.settings import Section, Settings
from tests.data import ROOT


def sections() -> Iterator[type[BaseModel]]:
    every = (one for one in Section.__subclasses__() if one.__module__.startswith("config."))
    yield from (one for one in every if one is not Settings)


def test_the_document_is_up_to_date() -> None:
    stored = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    assert stored == settings_reference(), "run `kirdi config reference > docs/settings.md`"


@pytest.mark.parametrize("section", list(sections()), ids=lambda section: str(section.__name__))
def test_every_key_is_described(section: type[BaseModel]) -> None:
    missing = [name for name, field in section.model_fields.items() if not field.description]
    assert missing == []


def test_every_key_is_listed_under_its_section() -> None:
    parts = settings_reference().split("\n## `")
    listed = {
        f"{heading}.{line.split('`')[1]}"
        for heading, body in (part.split("`\n", 1) for part in parts[1:])
        for line in body.splitlines()
        if line.startswith("| `")
    }
    assert listed == {path for path in _key_paths(Settings) if "." in path}


def test_types_bounds_units_and_defaults_are_shown() -> None:
    lines = settings_reference().splitlines()
    for wanted in (
        "| `analyse_fps` | number > 0, ≤ 30 | frames/s | `5.0` |",
        "| `opens_before_min` | integer ≥ 0, ≤ 1440 | min | `120` |",
        "| `device` | `auto`, `cpu`, `cuda` |  | `auto` |",
        "| `name` | text |  | *required* |",
        "| `url` | secret URL |  | *required*, or `url_file` |",
    ):
        assert any(line.startswith(wanted) for line in lines), wanted
