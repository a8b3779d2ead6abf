"""One key wraps, others still open; each wrapped key says by which it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.crypto.key import KeyEncryptionKey
from streamer.crypto.key_ring import KeyRing, wrapped_by
from streamer.errors import VaultError

OLD, NEW, OTHER = (KeyEncryptionKey(bytes([one]) * 32) for one in (1, 2, 3))
PLACE = b"place"


class Finder:
    """Has one key, and counts how often it is asked."""

    def __init__(self, key: KeyEncryptionKey | None) -> None:
        self.key = key
        self.asked: list[bool] = []

    def find(self, key_id: str, *, wait: bool) -> KeyEncryptionKey | None:
        self.asked.append(wait)
        return self.key if self.key is not None and self.key.key_id() == key_id else None


def test_what_is_wrapped_names_its_key() -> None:
    ring = KeyRing(OLD)
    wrapped = ring.wrap(PLACE, b"key")
    assert wrapped[:1] == b"\x02"
    assert wrapped_by(wrapped) == OLD.key_id() == OLD.check_value()[:16]
    assert ring.is_current(wrapped)
    assert ring.unwrap(PLACE, wrapped, "it") == b"key"
    assert wrapped_by(b"\x01" + bytes(60)) is None


def test_a_new_key_is_fetched_once_when_a_row_names_it() -> None:
    finder = Finder(NEW)
    ring = KeyRing(OLD, finder)
    wrapped = KeyRing(NEW).wrap(PLACE, b"key")
    for _ in range(3):
        assert ring.unwrap(PLACE, wrapped, "it") == b"key"
    assert finder.asked == [False]
    assert ring.current_id == OLD.key_id(), "a row's word does not change what wraps"
    ring.promote(NEW.key_id())
    assert ring.is_current(wrapped)
    ring.forget_all_but(frozenset())
    assert ring.ids == {NEW.key_id()}


def test_a_key_that_is_nowhere_is_named_and_never_wraps() -> None:
    ring = KeyRing(OLD, Finder(None))
    with pytest.raises(VaultError, match=rf"it: is wrapped by key {NEW.key_id()}.*vault status"):
        ring.unwrap(PLACE, KeyRing(NEW).wrap(PLACE, b"key"), "it")
    with pytest.raises(VaultError, match=rf"key {NEW.key_id()}.*not here"):
        ring.promote(NEW.key_id())
    assert ring.current_id == OLD.key_id()


def test_version_1_opens_under_whichever_key_it_is_of() -> None:
    first = bytes.fromhex(
        "01d049872a7ab31c7233567c7a0a0873353773ee94d3c39806326b5096e3f413b777afd662521415272a3171d8"
        "985048fe9c605f9eb847e10b8a2d61a3"
    )
    key = KeyEncryptionKey(bytes(range(32)))
    from uuid import UUID

    from streamer.crypto.vault import Purpose, SealedFor

    place = SealedFor(UUID(int=0xA), Purpose.DATA_KEY).as_bytes()
    alone, during = KeyRing(key), KeyRing(NEW, Finder(key))
    assert during.learn(key.key_id())
    assert alone.unwrap(place, first, "it") == during.unwrap(place, first, "it")
    with pytest.raises(VaultError, match="does not open"):
        KeyRing(NEW).unwrap(place, first, "it")


@given(st.integers(0, 8 * 69 - 1))
def test_any_flipped_bit_is_noticed(bit: int) -> None:
    ring = KeyRing(OLD, Finder(OTHER))
    wrapped = bytearray(ring.wrap(PLACE, bytes(32)))
    assert len(wrapped) == 69
    wrapped[bit // 8] ^= 1 << (bit % 8)
    with pytest.raises(VaultError):
        ring.unwrap(PLACE, bytes(wrapped), "it")


@pytest.mark.parametrize("length", [0, 1, 5, 9, 20, 68])
def test_what_is_cut_short_is_noticed(length: int) -> None:
    ring = KeyRing(OLD)
    with pytest.raises(VaultError):
        ring.unwrap(PLACE, ring.wrap(PLACE, bytes(32))[:length], "it")


def test_the_ring_shows_no_key() -> None:
    ring = KeyRing(KeyEncryptionKey(bytes(range(32))))
    assert "\\x" not in repr(ring)
    assert bytes(range(32)).hex() not in repr(ring)
