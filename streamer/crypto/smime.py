"""Encrypts a message for one recipient, as S/MIME: common mail programs open it. Used by mail."""

from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.ciphers import algorithms
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization.pkcs7 import PKCS7EnvelopeBuilder, PKCS7Options

from streamer.errors import InputError


def encrypt_for(certificate: bytes, message: bytes, now: datetime) -> bytes:
    """Return CMS enveloped data (DER): AES-256-CBC under a new key, which RSA wraps (RFC 8551).

    Nobody is kept from changing it on the way unnoticed: the report's own digest tells that.

    Args:
        certificate: The recipient's (PEM).
        message: A whole MIME entity.
        now: Aware.

    Raises:
        InputError: As `recipient_of`.
    """
    found = recipient_of(certificate, now)
    builder = (
        PKCS7EnvelopeBuilder()
        .set_data(message)
        .set_content_encryption_algorithm(algorithms.AES256)
        .add_recipient(found)
    )
    return builder.encrypt(Encoding.DER, [PKCS7Options.Binary])


def recipient_of(certificate: bytes, now: datetime) -> x509.Certificate:
    """Return a certificate that can be encrypted for.

    Args:
        certificate: PEM.
        now: Aware.

    Raises:
        InputError: It is no certificate, of another kind than RSA, or not in force.
    """
    try:
        found = x509.load_pem_x509_certificate(certificate)
    except ValueError as error:
        raise InputError("the certificate can't be read; give one certificate (PEM)") from error
    key = found.public_key()
    if not isinstance(key, RSAPublicKey) or key.key_size < 2048:
        raise InputError("the certificate's key is not RSA of 2048 bits or more; give another")
    if not found.not_valid_before_utc <= now <= found.not_valid_after_utc:
        raise InputError(
            f"the certificate is in force from {found.not_valid_before_utc:%Y-%m-%d} to "
            f"{found.not_valid_after_utc:%Y-%m-%d} only; give one that is"
        )
    return found
