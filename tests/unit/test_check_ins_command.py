"""What `kirdi check-ins add` refuses before it asks the database."""

from pathlib import Path

import pytest

from streamer.commands.check_ins import add
from streamer.errors import InputError

SETTINGS = """
site: {id: t-1, name: T, time_zone: Asia/Almaty, buildings: [main]}
"""


@pytest.mark.parametrize(
    ("reason", "at", "words"),
    [
        ("flat phone", "25:00", r"\(Asia/Almaty\); write HH:MM"),
        # An hour cut short is no time: it would be the full hour's.
        ("flat phone", "09", "write HH:MM"),
        ("flat phone", "9:05", "write HH:MM"),
        ("flat phone", "0905", "write HH:MM"),
        ("flat phone", "09:05+05:00", "write HH:MM"),
        (" \t", "", "--reason: is empty"),
        ("x" * 501, "", "longer than 500"),
    ],
)
def test_what_is_no_reason_or_no_time(tmp_path: Path, reason: str, at: str, words: str) -> None:
    config = tmp_path / "kirdi.yaml"
    config.write_text(SETTINGS, encoding="utf-8")
    with pytest.raises(InputError, match=words):
        add("A-1", reason, at, config=config)
