"""A service that the clinic bills, in the clinic's own references. In the reports it is a claim.

Made by `exchange.claims_csv`, stored by `storage.claims_import`. Not to be taken for
`domain.claim`, which is about what somebody without a face shows at a device.
"""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum

import msgspec

from streamer.domain.appointment import Place


class TimePrecision(StrEnum):
    """What `performed_at` is worth."""

    MEASURED = "measured"
    """A machine noted it when the service was given."""
    ENTERED = "entered"
    """Somebody typed it, perhaps hours later: it says the day and hardly the hour."""


class BilledService(msgspec.Struct, frozen=True, gc=False):
    """One row of a claims import. Times are aware, UTC.

    Attributes:
        claim_ref: The clinic's number of it, unique at the site.
        appointment_ref: The appointment it was given at; None = the clinic names none.
        practitioner_ref: Who bills it.
        amount: For everything together, not for each of `quantity`.
        currency: ISO 4217.
        time_precision: `entered` unless the clinic says that it was measured.
        entered_at: When it was written into the clinic's system.
        place: Where it was given; None = where the appointment was to be.
    """

    claim_ref: str
    appointment_ref: str | None
    patient_ref: str
    practitioner_ref: str
    service_code: str
    service_name: str
    performed_at: datetime
    amount: Decimal
    currency: str
    time_precision: TimePrecision = TimePrecision.ENTERED
    payer: str | None = None
    place: Place | None = None
    room: str | None = None
    contract: str | None = None
    icd10: str | None = None
    tariff: str | None = None
    quantity: int = 1
    entered_at: datetime | None = None
