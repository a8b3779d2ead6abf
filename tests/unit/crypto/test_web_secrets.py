"""Passwords, sessions and tokens: what is stored says nothing."""

import pytest

from streamer.crypto.key import KeyEncryptionKey
from streamer.crypto.passwords import MEMORY_KIB, TIME_COST, Passwords
from streamer.crypto.web_secrets import WebSecrets, new_api_token, new_session_secret

SECRETS = WebSecrets(KeyEncryptionKey(b"k" * 32).derive)
QUICK = Passwords(SECRETS.pepper, time_cost=1, memory_kib=8)


def test_a_password_is_right_or_wrong() -> None:
    stored = QUICK.hash("four cats on a warm roof")
    assert "cats" not in stored
    assert QUICK.verify(stored, "four cats on a warm roof")
    assert not QUICK.verify(stored, "four cats on a warm rooF")
    assert not QUICK.verify(stored, "")
    assert QUICK.hash("four cats on a warm roof") != stored


def test_nobody_s_password_is_never_right() -> None:
    assert not QUICK.verify(None, "nobody's")
    assert not QUICK.verify("no hash at all", "x")


def test_without_the_key_a_stolen_hash_cannot_be_guessed() -> None:
    stored = QUICK.hash("four cats on a warm roof")
    thief = Passwords(b"another key".ljust(32), time_cost=1, memory_kib=8)
    assert not thief.verify(stored, "four cats on a warm roof")


def test_the_same_password_on_another_keyboard() -> None:
    # Full-width letters, and an accent typed apart.
    assert QUICK.verify(QUICK.hash("ｆour cats, café"), "four cats, cafe\u0301")


def test_real_parameters_are_in_the_hash_and_old_ones_are_seen() -> None:
    real = Passwords(SECRETS.pepper)
    stored = real.hash("x")
    assert stored.startswith(f"$argon2id$v=19$m={MEMORY_KIB},t={TIME_COST},p=1$")
    assert not real.outdated(stored)
    assert real.outdated(QUICK.hash("x"))
    # One that was made with other parameters is checked with those.
    assert real.verify(QUICK.hash("x"), "x")


def test_secrets_are_drawn_anew_and_hashed_apart() -> None:
    drawn = {new_session_secret() for _ in range(100)}
    assert len(drawn) == 100
    one = drawn.pop()
    assert len(one) == 43
    hashes = {SECRETS.session(one), SECRETS.token(one), SECRETS.subject(one)}
    assert len(hashes) == 3
    assert new_api_token().startswith("kirdi_")
    assert SECRETS.csrf(one) != SECRETS.csrf(drawn.pop())


@pytest.mark.parametrize("change", ["", "x", "a.b", "ключ", "é.é", "."])
def test_a_state_is_read_only_as_it_was_signed(change: str) -> None:
    sealed = SECRETS.seal_state('{"state": "с"}')
    assert SECRETS.open_state(sealed) == '{"state": "с"}'
    assert SECRETS.open_state(change) is None
    assert SECRETS.open_state(sealed[:-1]) is None
    assert SECRETS.open_state("A" + sealed) is None
