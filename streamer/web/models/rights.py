"""What a patient may ask for."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from streamer.web.fields import Reference
from streamer.web.models.base import Answer, Sent
from streamer.web.models.consents import Receipt


class ErasureWanted(Sent):
    """A patient to be erased for good."""

    patient_ref: Reference = Field(examples=["P-17"])
    reason: Annotated[str, StringConstraints(min_length=1, max_length=64)] = Field(
        description="the number of the patient's letter; kept for years, so no names",
        examples=["2026-114"],
    )
    confirm: Reference = Field(
        description="the reference once more: it can't be taken back", examples=["P-17"]
    )


class StillKept(Answer):
    """Rows that stay, under a number that leads to nobody."""

    kind: str
    rows: int
    until: datetime = Field(description="when the last of them is due for deletion")


class Erased(Answer):
    """What came of it."""

    patient_id: UUID = Field(description="what the rows that stay go on naming")
    receipt: Receipt
    deleted: dict[str, int] = Field(description="rows by kind")
    kept: list[StillKept]
