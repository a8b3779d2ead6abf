from dataclasses import replace
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.crypto.key import KeyEncryptionKey
from streamer.crypto.key_ring import KeyRing
from streamer.crypto.vault import Purpose, SealedFor, Vault
from streamer.errors import VaultError

ALICE, BORIS = UUID(int=1), UUID(int=2)
VAULT = Vault(KeyRing(KeyEncryptionKey(b"\x07" * 32)))
PLACE = SealedFor(ALICE, Purpose.TEMPLATE, UUID(int=3), "open")


@given(st.binary(max_size=2000))
def test_what_is_sealed_comes_back_and_is_never_the_same_twice(plain: bytes) -> None:
    key = VAULT.new_data_key(ALICE)
    sealed, again = (VAULT.seal(key, PLACE, plain) for _ in range(2))
    assert VAULT.unseal(key, PLACE, sealed) == plain
    assert sealed != again
    if len(plain) > 8:
        assert plain not in sealed


@pytest.mark.parametrize(
    "elsewhere",
    [
        replace(PLACE, purpose=Purpose.PROFILE),
        replace(PLACE, template_id=uuid4()),
        replace(PLACE, template_id=None),
        replace(PLACE, pack_id="other"),
        replace(PLACE, pack_id=None),
    ],
)
def test_it_opens_in_its_own_place_only(elsewhere: SealedFor) -> None:
    key = VAULT.new_data_key(ALICE)
    sealed = VAULT.seal(key, PLACE, b"vector")
    with pytest.raises(VaultError, match="does not open"):
        VAULT.unseal(key, elsewhere, sealed)


def test_a_data_key_serves_its_patient_only() -> None:
    alices, boriss = VAULT.new_data_key(ALICE), VAULT.new_data_key(BORIS)
    sealed = VAULT.seal(alices, PLACE, b"vector")
    with pytest.raises(VaultError, match="data-key of patient"):
        VAULT.unseal(alices, replace(PLACE, patient_id=BORIS), sealed)
    with pytest.raises(VaultError, match="data-key of patient"):
        VAULT.unseal(boriss, PLACE, sealed)
    with pytest.raises(VaultError, match="template of patient"):
        VAULT.unseal(VAULT.new_data_key(ALICE), PLACE, sealed)


def test_a_templates_own_key_serves_that_template_only() -> None:
    assert PLACE.template_id is not None
    own = VAULT.new_template_key(ALICE, PLACE.template_id)
    sealed = VAULT.seal(own, PLACE, b"vector", own_key=True)
    assert VAULT.unseal(own, PLACE, sealed, own_key=True) == b"vector"
    for elsewhere in (
        replace(PLACE, template_id=uuid4()),
        replace(PLACE, patient_id=BORIS),
        SealedFor(ALICE, Purpose.PROFILE),
    ):
        with pytest.raises(VaultError, match="template-key of patient"):
            VAULT.unseal(own, elsewhere, sealed, own_key=True)
    # Neither kind of key passes for the other.
    with pytest.raises(VaultError, match="data-key of patient"):
        VAULT.unseal(own, PLACE, sealed)
    with pytest.raises(VaultError, match="template-key of patient"):
        VAULT.unseal(VAULT.new_data_key(ALICE), PLACE, sealed, own_key=True)
    with pytest.raises(VaultError, match="template of patient"):
        VAULT.unseal(VAULT.new_data_key(ALICE), PLACE, sealed)


def test_another_key_opens_nothing() -> None:
    key = VAULT.new_data_key(ALICE)
    with pytest.raises(VaultError, match="that key is not here"):
        Vault(KeyRing(KeyEncryptionKey(b"\x08" * 32))).seal(key, PLACE, b"vector")


@given(st.data())
def test_any_flipped_bit_or_lost_byte_is_noticed(data: st.DataObject) -> None:
    key = VAULT.new_data_key(ALICE)
    sealed = bytearray(VAULT.seal(key, PLACE, b"a vector's bytes"))
    if data.draw(st.booleans()):
        bit = data.draw(st.integers(0, 8 * len(sealed) - 1))
        sealed[bit // 8] ^= 1 << (bit % 8)
    else:
        del sealed[data.draw(st.integers(0, len(sealed) - 1)) :]
    with pytest.raises(VaultError):
        VAULT.unseal(key, PLACE, bytes(sealed))


@given(
    st.builds(
        SealedFor,
        st.sampled_from([ALICE, BORIS]),
        st.sampled_from(Purpose),
        st.none() | st.sampled_from([ALICE, BORIS]),
        st.none() | st.text(max_size=3),
    ),
    st.builds(
        SealedFor,
        st.sampled_from([ALICE, BORIS]),
        st.sampled_from(Purpose),
        st.none() | st.sampled_from([ALICE, BORIS]),
        st.none() | st.text(max_size=3),
    ),
)
def test_different_places_never_look_alike(one: SealedFor, other: SealedFor) -> None:
    same = replace(one, pack_id=one.pack_id or None) == replace(
        other, pack_id=other.pack_id or None
    )
    assert (one.as_bytes() == other.as_bytes()) == same
