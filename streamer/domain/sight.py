"""Whose rows somebody may see. Made by `web` of a principal, held to by `storage.page_reader`."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sight:
    """What a reader of the site's data is shown.

    Attributes:
        reader: The account; stands in the audit.
        practitioner_refs: Only rows of these practitioners' own patients; None = everybody's.
        told_payer_only: Only rows of patients with a consent in force to the payer being told.
    """

    reader: str
    practitioner_refs: tuple[str, ...] | None = None
    told_payer_only: bool = False
