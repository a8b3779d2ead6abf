"""Seals what the database holds about a person. Used by `storage`; see docs/design/0004.

A patient has a data key, and so has each template; they are stored wrapped by the key-encryption
key (`key_ring`). What is sealed can only be opened in its own place: moved to another patient,
purpose, template or model pack it refuses.
"""

import secrets
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from streamer.crypto.key import KEY_BYTES
from streamer.crypto.key_ring import KeyRing
from streamer.crypto.sealing import seal, unseal
from streamer.errors import VaultError

_VERSION = b"\x01"
_OF_NOBODY = UUID(int=0)


class Purpose(StrEnum):
    """What sealed bytes are."""

    DATA_KEY = "data-key"
    TEMPLATE_KEY = "template-key"
    PROFILE = "profile"
    TEMPLATE = "template"
    REPLY = "reply"
    REPLY_NOTE = "reply-note"
    SITE_SECRET = "site-secret"  # noqa: S105 - a purpose's name


@dataclass(frozen=True, slots=True)
class SealedFor:
    """The place of sealed bytes: authenticated with them, stored beside them in clear.

    Attributes:
        template_id: For templates and their keys only.
        pack_id: For templates; the use of a site's secret; the id of an answer to a report.
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
    wrapping key: a message per patient and per template, and again with each rotation.
    """

    def __init__(self, ring: KeyRing) -> None:
        """Keep the ring, by which keys are wrapped and opened."""
        self.ring = ring

    def new_data_key(self, patient_id: UUID) -> bytes:
        """Make a patient's data key and return it wrapped: all that is ever stored of it."""
        place = SealedFor(patient_id, Purpose.DATA_KEY)
        return self.ring.wrap(place.as_bytes(), secrets.token_bytes(KEY_BYTES))

    def new_template_key(self, patient_id: UUID, template_id: UUID) -> bytes:
        """Make a template's own key, wrapped: it opens nothing but this patient's template.

        Once the wrapped key is destroyed, no copy of the sealed template can be opened.
        """
        place = SealedFor(patient_id, Purpose.TEMPLATE_KEY, template_id)
        return self.ring.wrap(place.as_bytes(), secrets.token_bytes(KEY_BYTES))

    def wrap_secret(self, use: str, secret: bytes) -> bytes:
        """Wrap a secret of the site's own."""
        return self.ring.wrap(_secret_place(use).as_bytes(), secret)

    def unwrap_secret(self, use: str, wrapped: bytes) -> bytes:
        """Open a secret of the site's own; raises VaultError."""
        return self._unwrapped(_secret_place(use), wrapped)

    def rewrapped_data_key(self, patient_id: UUID, wrapped: bytes) -> bytes:
        """Return a patient's data key wrapped by the current key; raises VaultError."""
        return self._rewrapped(SealedFor(patient_id, Purpose.DATA_KEY), wrapped)

    def rewrapped_template_key(self, patient_id: UUID, template_id: UUID, wrapped: bytes) -> bytes:
        """Return a template's key wrapped by the current key; raises VaultError."""
        return self._rewrapped(SealedFor(patient_id, Purpose.TEMPLATE_KEY, template_id), wrapped)

    def rewrapped_secret(self, use: str, wrapped: bytes) -> bytes:
        """Return a secret of the site's own wrapped by the current key; raises VaultError."""
        return self._rewrapped(_secret_place(use), wrapped)

    def seal(
        self, wrapped_key: bytes, place: SealedFor, plain: bytes, *, own_key: bool = False
    ) -> bytes:
        """Encrypt for one place, under the patient's data key or the template's own.

        Raises:
            VaultError: The key is not this patient's or template's, or damaged.
        """
        cipher = self._data_key(wrapped_key, place, own_key)
        return seal(cipher, _VERSION, place.as_bytes(), plain)

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
        what = _named(place)
        cipher = self._data_key(wrapped_key, place, own_key)
        if sealed and sealed[:1] != _VERSION:
            raise VaultError(f"{what}: was sealed by a newer Kirdi; update this one")
        return unseal(cipher, len(_VERSION), place.as_bytes(), sealed, what)

    def _data_key(self, wrapped_key: bytes, place: SealedFor, own_key: bool) -> AESGCM:
        key_place = (
            SealedFor(place.patient_id, Purpose.TEMPLATE_KEY, place.template_id)
            if own_key
            else SealedFor(place.patient_id, Purpose.DATA_KEY)
        )
        return AESGCM(self._unwrapped(key_place, wrapped_key))

    def _unwrapped(self, place: SealedFor, wrapped: bytes) -> bytes:
        return self.ring.unwrap(place.as_bytes(), wrapped, _named(place))

    def _rewrapped(self, place: SealedFor, wrapped: bytes) -> bytes:
        return self.ring.wrap(place.as_bytes(), self._unwrapped(place, wrapped))


def _secret_place(use: str) -> SealedFor:
    return SealedFor(_OF_NOBODY, Purpose.SITE_SECRET, pack_id=use)


def _named(place: SealedFor) -> str:
    if place.purpose is Purpose.SITE_SECRET:
        return f"site secret {place.pack_id}"
    return f"{place.purpose.value} of patient {place.patient_id}"
