"""Long, and not on everybody's list."""

import pytest

from streamer.domain.password_rules import MAX_LENGTH, fault_of


@pytest.mark.parametrize(
    "password",
    [
        "",
        "eleven char",
        "x" * (MAX_LENGTH + 1),
        "aaaaaaaaaaaaaaaa",
        "abcabcabcabcabc",
        "qwertyuiop[]asd"[:10] + "as",
        "qwertyuiop123",
        "123456789012",
        "098765432109",
        "йцукенгшщзхъ",
        "Password1234",
        "P@ssw0rd2026!",
        "Kazakhstan2026!",
        "passwordpassword",
        "ҚАЗАҚСТАН2026",
        "anna12345678",
        "12345678ANNA",
    ],
)
def test_what_is_tried_first_is_refused(password: str) -> None:
    assert fault_of(password, "anna") is not None


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery",
        "kunderden kun jylady",
        "X7$kkq-91-mmZ",
        "anna has three cats",
        "п" * 6 + "рыжий кот",
    ],
)
def test_no_other_rules(password: str) -> None:
    assert fault_of(password, "anna") is None
