"""The outcome of an enrolment, for the command line to print."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What was enrolled, and what could be better."""

    patient_ref: str
    photos: int
    warnings: tuple[str, ...]
