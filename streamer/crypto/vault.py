"""Seals what the database holds about a person. Used by `storage`; see docs/design/0004.

A patient has a data key, and so has each template; they are stored wrapped by the key-encryption
key. What is sealed can only be opened in its own place: moved to another patient, purpose, template
or model pack it refuses.
"""

import secrets
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from streamer.crypto.key import KEY_BYTES, KeyEncryptionKey
from streamer.errors import VaultError

_VERSION = b"\x01"
_NONCE_BYTES = 12
_TAG_BYTES = 16


class Purpose(StrEnum):
    """What sealed bytes are."""

    DATA_KEY = "data-key"
    TEMPLATE_KEY = "template-key"
    PROFILE = "profile"
    TEMPLATE = "template"


@dataclass(frozen=True, slots=True)
class SealedFor:
    """The place of sealed bytes: authenticated with them, stored beside them in clear.

    Attributes:
        template_id: For templates and their keys only.
        pack_id: For templates only.
    """

    patient_id: UUID
    purpose: Purpose
    template_id: UUID | None = None
    pack_id: str | None = None

    def as_bytes(self) -> bytes:
        """Return an encoding in which two different places never look alike."""
        template = self.template_id.bytes if self.template_id is not None else b""
        pack = self.pack_id.encode() if self.pack_id is not None else b""
        fields = (self.purpose.value.encode(), self.patient_id.bytes, template, pack)
        return b"kirdi" + b"".join(len(one).to_bytes(4, "big") + one for one in fields)


class Vault:
    """AES-256-GCM with random 96-bit nonces; safe to use from several threads.

    Sealed bytes are: version (1), nonce (12), ciphertext, tag (16). A data key seals far fewer than
    the 2^32 messages for which random nonces are sound (NIST SP 800-38D, 8.3), and so does the
    wrapping key: one message per patient and per template.
    """

    def __init__(self, key: KeyEncryptionKey) -> None:
        """Derive the wrapping key."""
        self._wrapping = AESGCM(key.derive("kirdi/wrap-data-key/v1"))

    def new_data_key(self, patient_id: UUID) -> bytes:
        """Make a patient's data key and return it wrapped: all that is ever stored of it."""
        place = SealedFor(patient_id, Purpose.DATA_KEY)
        return _seal(self._wrapping, place, secrets.token_bytes(KEY_BYTES))

    def new_template_key(self, patient_id: UUID, template_id: UUID) -> bytes:
        """Make a template's own key, wrapped: it opens nothing but this patient's template.

        Once the wrapped key is destroyed, no copy of the sealed template can be opened.
        """
        place = SealedFor(patient_id, Purpose.TEMPLATE_KEY, template_id)
        return _seal(self._wrapping, place, secrets.token_bytes(KEY_BYTES))

    def seal(
        self, wrapped_key: bytes, place: SealedFor, plain: bytes, *, own_key: bool = False
    ) -> bytes:
        """Encrypt for one place, under the patient's data key or the template's own.

        Raises:
            VaultError: The key is not this patient's or template's, or damaged.
        """
        return _seal(self._data_key(wrapped_key, place, own_key), place, plain)

    def unseal(
        self, wrapped_key: bytes, place: SealedFor, sealed: bytes, *, own_key: bool = False
    ) -> bytes:
        """Decrypt what was sealed for this place.

        Args:
            wrapped_key: As it is stored.
            place: Where the sealed bytes stood.
            sealed: What `seal` returned.
            own_key: `wrapped_key` is of `new_template_key`, else of `new_data_key`.

        Raises:
            VaultError: Damaged, or sealed for another place or under another key.
        """
        return _unseal(self._data_key(wrapped_key, place, own_key), place, sealed)

    def _data_key(self, wrapped_key: bytes, place: SealedFor, own_key: bool) -> AESGCM:
        key_place = (
            SealedFor(place.patient_id, Purpose.TEMPLATE_KEY, place.template_id)
            if own_key
            else SealedFor(place.patient_id, Purpose.DATA_KEY)
        )
        return AESGCM(_unseal(self._wrapping, key_place, wrapped_key))


def _seal(cipher: AESGCM, place: SealedFor, plain: bytes) -> bytes:
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return _VERSION + nonce + cipher.encrypt(nonce, plain, _VERSION + place.as_bytes())


def _unseal(cipher: AESGCM, place: SealedFor, sealed: bytes) -> bytes:
    what = f"{place.purpose.value} of patient {place.patient_id}"
    if len(sealed) < 1 + _NONCE_BYTES + _TAG_BYTES:
        raise VaultError(f"{what}: is cut short; restore the database from its backup")
    if sealed[:1] != _VERSION:
        raise VaultError(f"{what}: was sealed by a newer Kirdi; update this one")
    nonce, body = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
    try:
        return cipher.decrypt(nonce, body, _VERSION + place.as_bytes())
    except InvalidTag as error:
        raise VaultError(
            f"{what}: does not open: damaged, moved from elsewhere, or sealed with another key; "
            "restore the database and its key file from the same backup"
        ) from error
