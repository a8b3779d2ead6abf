import hashlib

from streamer.crypto.key import KeyEncryptionKey
from streamer.crypto.keyed_hash import KeyedHash, normalise_number

HASH = KeyedHash(KeyEncryptionKey(b"\x07" * 32))


def test_the_same_document_however_typed() -> None:
    assert HASH.of("passport", "n 123-456 78") == HASH.of("passport", "N12345678")
    assert HASH.of("iin", "123456789012") == HASH.of("iin", "123456789012")


def test_documents_keys_and_numbers_are_told_apart() -> None:
    other = KeyedHash(KeyEncryptionKey(b"\x08" * 32))
    found = {
        HASH.of("iin", "123456789012"),
        HASH.of("passport", "123456789012"),
        HASH.of("iin", "123456789013"),
        other.of("iin", "123456789012"),
        hashlib.sha256(b"123456789012").digest(),
    }
    assert len(found) == 5
    assert all(len(one) == 32 for one in found)


def test_normalising() -> None:
    assert normalise_number(" і-ак № 12 ") == "ІАКNO12"
    assert normalise_number("--") == ""
