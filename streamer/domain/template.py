"""A patient's face as a vector, and the set of them that may be recognised now."""

from dataclasses import dataclass
from uuid import UUID

from matcher.face import Vector


@dataclass(frozen=True, slots=True, eq=False)
class Template:
    """The fused vector of a patient's enrolment photos: float32 (d,), decrypted, in memory only."""

    template_id: UUID
    patient_id: UUID
    pack_id: str
    vector: Vector


@dataclass(frozen=True, slots=True)
class GalleryKey:
    """A template that may be matched now, and an open appointment it may be matched for."""

    template_id: UUID
    appointment_id: UUID
