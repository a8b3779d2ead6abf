"""What is known of a write that a client may repeat. Between `web` and `storage.idempotency`."""

from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Claimed:
    """The right to make a write, once. Only keyed hashes of key and request."""

    account: str
    key_hash: bytes
    request_hash: bytes
    claim: UUID


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """What was answered: an HTTP status, and a body of JSON."""

    status: int
    body: bytes = field(repr=False)


class Held(StrEnum):
    """Why a write is not made, and there is no answer either."""

    BUSY = "busy"
    """Somebody is at it."""
    OTHER_REQUEST = "other_request"
    """The key was used for something else."""
    ANSWER_LOST = "answer_lost"
    """It was made; the service ended before it could keep the answer."""
