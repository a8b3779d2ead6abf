"""Every statement of queries.sql is sent by something."""

import re

from tests.data import ROOT


def test_no_statement_is_left_over() -> None:
    text = (ROOT / "streamer" / "storage" / "queries.sql").read_text(encoding="utf-8")
    named = set(re.findall(r"^-- name: (\w+)$", text, re.MULTILINE))
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "streamer").rglob("*.py"))
    assert {name for name in named if f'"{name}"' not in code} == set()
