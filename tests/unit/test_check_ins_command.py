"""What `kirdi check-ins add` refuses before it asks the database."""

from datetime import UTC
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from streamer.commands.check_ins import _time_at_site, add
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


@pytest.mark.parametrize(
    ("at", "words"),
    [
        ("2026-03-29 02:30", r"does not exist that day at the site \(Europe/Berlin\)"),
        ("2026-10-25 02:30", "happens twice that day .* the true one in --reason"),
    ],
)
def test_a_time_at_which_the_clocks_change_is_not_guessed(
    tmp_path: Path, at: str, words: str
) -> None:
    config = tmp_path / "kirdi.yaml"
    config.write_text(SETTINGS.replace("Asia/Almaty", "Europe/Berlin"), encoding="utf-8")
    with pytest.raises(InputError, match=words):
        add("A-1", "power cut", at, config=config)


def test_a_time_beside_it_is_what_it_says() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    for said, hour in (("2026-10-25 01:59", 23), ("2026-10-25 03:00", 2), ("2026-03-29 03:00", 1)):
        at = _time_at_site(said, berlin)
        assert at is not None
        assert at.astimezone(UTC).hour == hour
