"""What is sealed opens in its place only; what is hashed or given a pseudonym tells nothing."""

import pytest

from streamer.crypto.answer_seal import AnswerSeal
from streamer.crypto.key import KeyEncryptionKey
from streamer.crypto.pseudonyms import Pseudonyms
from streamer.crypto.seal import Seal
from streamer.errors import VaultError

ONE, OTHER = KeyEncryptionKey(b"1" * 32), KeyEncryptionKey(b"2" * 32)


def test_what_is_sealed_opens_in_its_place_only() -> None:
    seal = Seal(ONE.derive("a"))
    sealed = seal.seal(b"place in a list", b"aigul")
    assert b"place" not in sealed
    assert seal.open(sealed, b"aigul") == b"place in a list"
    assert seal.seal(b"place in a list", b"aigul") != sealed
    changed = sealed[:-1] + bytes([sealed[-1] ^ 1])
    for made, text, place in (
        (seal, sealed, b"dina"),
        (Seal(ONE.derive("b")), sealed, b"aigul"),
        (seal, sealed[:-1], b"aigul"),
        (seal, changed, b"aigul"),
        (seal, b"", b"aigul"),
    ):
        with pytest.raises(VaultError):
            made.open(text, place)


def test_a_hash_depends_on_every_part_and_on_where_it_is_cut() -> None:
    seal = AnswerSeal(ONE.derive)
    assert seal.hash("s1", "aigul", "k") == seal.hash("s1", b"aigul", "k")
    others = [
        ("s1", "aigu", "lk"),
        ("s1aigul", "k"),
        ("s2", "aigul", "k"),
        ("s1", "aigul", "k", ""),
    ]
    hashes = {seal.hash(*parts) for parts in others}
    hashes.add(AnswerSeal(OTHER.derive).hash("s1", "aigul", "k"))
    assert seal.hash("s1", "aigul", "k") not in hashes
    assert len(hashes) == len(others) + 1


def test_an_answer_belongs_to_its_key_and_request() -> None:
    seal = AnswerSeal(ONE.derive)
    sealed = seal.seal(b"{}", b"k" * 32, b"r" * 32)
    assert seal.open(sealed, b"k" * 32, b"r" * 32) == b"{}"
    with pytest.raises(VaultError):
        seal.open(sealed, b"k" * 32, b"x" * 32)


def test_a_pseudonym_is_of_one_kind_of_thing_at_one_site() -> None:
    of = Pseudonyms(ONE.derive).of
    assert of("patient", "17") == of("patient", "17")
    assert len(of("patient", "17")) == 32
    assert "17" not in {of("patient", "17"), of("appointment", "17")}
    elsewhere = Pseudonyms(OTHER.derive).of("patient", "17")
    assert of("patient", "17") not in {of("appointment", "17"), of("patient", "18"), elsewhere}
