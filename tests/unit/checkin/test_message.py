from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from streamer.checkin.codes.message import message

UNTIL = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("language", "word"),
    [
        ("kk", "жарамды"),
        ("ru-KZ", "Действует"),
        ("en", "Valid"),
        (None, "Действует"),
        ("de", "код"),
    ],
)
def test_the_message_is_in_the_patients_language(language: str | None, word: str) -> None:
    text = message(language, "Polyclinic {code}", "012345", UNTIL, ZoneInfo("Asia/Almaty"))
    assert word in text
    assert "012345" in text
    assert "23.11 09:00" in text
    assert text.startswith("Polyclinic {code}: ")
    # Cyrillic: 70 characters to a part.
    assert len(text) <= 140
