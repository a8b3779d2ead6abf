"""What somebody asked for and was not given. Made by `web`, put on record by `storage.denials`."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AskedFor:
    """One thing.

    Attributes:
        kind: As in the audit: Patient, Appointment, Practitioner, Camera, Review.
        ref: The clinic's reference, as it was sent: looked up, and itself kept nowhere.
        entity_id: Its opaque id, where it is known that there is such a thing.
        own: Practitioners for whose patients it was no curiosity.
    """

    kind: str
    ref: str = ""
    entity_id: str = ""
    own: tuple[str, ...] = ()
