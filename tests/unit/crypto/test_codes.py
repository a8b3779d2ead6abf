"""Digits, their keyed hash, and signed tokens."""

from collections import Counter
from datetime import UTC, datetime
from uuid import UUID

import pytest

from streamer.crypto.code_hash import CodeHash, digits_in, new_digits
from streamer.crypto.key import KeyEncryptionKey
from streamer.crypto.signed_token import Token, TokenSigner, looks_like_token

KEY, OTHER = KeyEncryptionKey(b"a" * 32), KeyEncryptionKey(b"b" * 32)
TOKEN = Token(UUID(int=7), datetime(2026, 11, 23, 4, 0, tzinfo=UTC))


@pytest.mark.parametrize(
    ("typed", "digits"),
    [
        ("123456", "123456"),
        (" 000 007\n", "000007"),
        ("12-34-56", "123456"),
        ("12345", None),
        ("1234567", None),
        ("12345a", None),
        ("١٢٣٤٥٦", None),
        ("", None),
    ],
)
def test_what_somebody_types(typed: str, digits: str | None) -> None:
    assert digits_in(typed) == digits


def test_digits_are_drawn_from_all_of_them() -> None:
    drawn = [new_digits() for _ in range(5_000)]
    assert all(digits_in(one) == one for one in drawn)
    for place in range(6):
        counts = Counter(one[place] for one in drawn)
        # 500 each: a tenth of that off would be 12 standard deviations for 350.
        assert min(counts[str(digit)] for digit in range(10)) > 350


def test_a_hash_depends_on_digits_site_and_key() -> None:
    hashes = {
        CodeHash(KEY, "a-1").of("123456"),
        CodeHash(KEY, "a-1").of("123457"),
        CodeHash(KEY, "a-2").of("123456"),
        CodeHash(OTHER, "a-1").of("123456"),
    }
    assert len(hashes) == 4
    assert CodeHash(KEY, "a-1").of("123456") in hashes


def test_a_token_says_what_was_signed() -> None:
    signer = TokenSigner(KEY, "a-1")
    text = signer.sign(TOKEN)
    assert len(text) == 60
    assert looks_like_token(text)
    # Scanners may fold case and add a line end.
    assert signer.read(text) == signer.read(f" {text.lower()}\r\n") == TOKEN


def test_every_change_of_a_token_is_noticed() -> None:
    signer = TokenSigner(KEY, "a-1")
    text = signer.sign(TOKEN)
    for place in range(2, len(text)):
        other = "A" if text[place] != "A" else "Q"
        changed = text[:place] + other + text[place + 1 :]
        # The last letter holds two bits of padding only where they are zero.
        assert signer.read(changed) is None or signer.read(changed) == TOKEN
        if place < len(text) - 1:
            assert signer.read(changed) is None


@pytest.mark.parametrize("signer", [TokenSigner(KEY, "a-2"), TokenSigner(OTHER, "a-1")])
def test_a_token_of_another_site_or_key_is_none(signer: TokenSigner) -> None:
    assert signer.read(TokenSigner(KEY, "a-1").sign(TOKEN)) is None


@pytest.mark.parametrize("text", ["", "K1", "K1AAAA", "K2" + "A" * 58, "K1" + "0" * 58, "Kı" * 30])
def test_what_is_no_token(text: str) -> None:
    assert TokenSigner(KEY, "a-1").read(text) is None
