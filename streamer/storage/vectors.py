"""A template's vector as bytes: float32, little-endian, on every machine."""

import numpy as np

from matcher.face import Vector
from streamer.errors import VaultError


def vector_bytes(vector: Vector) -> bytes:
    """Return the bytes that are sealed.

    Raises:
        ValueError: Not a flat vector of finite numbers.
    """
    if vector.ndim != 1 or not vector.size or not np.isfinite(vector).all():
        raise ValueError("a template is a flat vector of finite numbers")
    return vector.astype("<f4").tobytes()


def vector_from(plain: bytes) -> Vector:
    """Return the vector, read-only.

    Raises:
        VaultError: The bytes are no vector.
    """
    if not plain or len(plain) % 4:
        raise VaultError("template: its bytes are no vector; enrol the patient again")
    vector: Vector = np.frombuffer(plain, dtype="<f4").astype(np.float32)
    vector.setflags(write=False)
    return vector
