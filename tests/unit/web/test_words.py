"""What staff are told in a page names no setting of the server and no command."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from config.settings import Settings
from tests.data import ROOT

PLACES = ("streamer/api", "streamer/web/routes", "streamer/web/media", "streamer/web/security")
ERRORS = {"Problem", "InputError", "KirdiError", "CameraError", "forbidden", "not_found"}
SECTIONS = "|".join(name for name in Settings.model_fields)
TELLING = re.compile(rf"\bkirdi [a-z]|(?<!\S)--[a-z]|\b(?:{SECTIONS})\.[a-z_]+\b")


def told() -> Iterator[tuple[Path, str]]:
    """Every text of an error but what is for the command line alone."""
    for place in PLACES:
        for path in sorted((ROOT / place).rglob("*.py")):
            for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(call, ast.Call) and getattr(call.func, "id", "") in ERRORS:
                    parts = [*call.args, *(k.value for k in call.keywords if k.arg != "command")]
                    for part in parts:
                        for one in ast.walk(part):
                            if isinstance(one, ast.Constant) and isinstance(one.value, str):
                                yield path.relative_to(ROOT), one.value


def test_errors_of_pages_name_no_setting_and_no_command() -> None:
    texts = list(told())
    assert len(texts) > 60
    assert TELLING.search("see `kirdi users role`")
    assert TELLING.search("is not in site.buildings")
    assert [one for one in texts if TELLING.search(one[1])] == []
