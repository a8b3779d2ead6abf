"""The outcome of an enrolment, for the command line to print."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What was enrolled, and what could be better.

    Attributes:
        photos: How many went into the template.
        looks_like: References of patients too much alike to be told apart: with them, this patient
            is checked in by code only.
    """

    patient_ref: str
    photos: int
    warnings: tuple[str, ...]
    looks_like: tuple[str, ...] = ()

    @property
    def code_only(self) -> bool:
        """Is this patient never recognised by face?"""
        return bool(self.looks_like)
