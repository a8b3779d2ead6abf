"""What codes of the schedule are called on pages: in English, translated where they are shown."""

from collections.abc import Mapping
from typing import Any, Final

from streamer.domain.appointment import AppointmentStatus, Place
from streamer.domain.check_in import EvidenceGrade
from streamer.domain.comparison import ComparisonOutcome
from streamer.domain.presence import PresenceFlag


def _(text: str) -> str:
    """Mark a text for the catalogues."""
    return text


STATUSES: Final = {
    AppointmentStatus.BOOKED: _("Expected"),
    AppointmentStatus.PENDING: _("Not confirmed"),
    AppointmentStatus.ARRIVED: _("Arrived"),
    AppointmentStatus.CHECKED_IN: _("Checked in"),
    AppointmentStatus.FULFILLED: _("Visit done"),
    AppointmentStatus.NOSHOW: _("Did not come"),
    AppointmentStatus.CANCELLED: _("Cancelled"),
    AppointmentStatus.PROPOSED: _("Proposed"),
    AppointmentStatus.WAITLIST: _("Waiting list"),
    AppointmentStatus.ENTERED_IN_ERROR: _("Entered in error"),
}

GRADES: Final = {
    EvidenceGrade.FACE: _("Face"),
    EvidenceGrade.EGOV: _("Digital document"),
    EvidenceGrade.CODE: _("Code by SMS"),
    EvidenceGrade.DESK_CODE: _("Code from the desk"),
    EvidenceGrade.GUARDIAN: _("Guardian"),
    EvidenceGrade.MANUAL: _("By hand"),
}

FLAGS: Final = {
    PresenceFlag.EARLY: _("Here early"),
    PresenceFlag.LATE: _("Here late"),
    PresenceFlag.AGAIN: _("Seen again"),
    PresenceFlag.UNBOOKED: _("Here without an appointment"),
    PresenceFlag.OTHER_BUILDING: _("Here, expected in another building"),
    PresenceFlag.CONFLICT: _("Here, though marked absent"),
}

PLACES: Final = {
    Place.HOME: _("At home"),
    Place.REMOTE: _("By video"),
    Place.MOBILE: _("Mobile unit"),
    Place.OUTREACH: _("Outreach"),
}

OUTCOMES: Final = {
    ComparisonOutcome.MATCHED: _("It is this patient."),
    ComparisonOutcome.NOT_MATCHED: _("Not surely this patient. Ask for a document."),
    ComparisonOutcome.NO_FACE: _("Nobody's face could be compared. Try again, closer."),
    ComparisonOutcome.SEVERAL_PEOPLE: _("Several people stood there. One alone, please."),
    ComparisonOutcome.LIVENESS_DOUBT: _("It may be a picture of a face. Look yourself."),
    ComparisonOutcome.NO_PICTURE: _("The camera sends no picture."),
    ComparisonOutcome.ENDED: _("The comparison was cut off. Try again."),
}


def words_for_scripts() -> dict[str, str]:
    """All of them, under the keys that the pages' scripts know them by."""
    groups: dict[str, Mapping[Any, str]] = {
        "status": STATUSES,
        "grade": GRADES,
        "flag": FLAGS,
        "place": PLACES,
        "outcome": OUTCOMES,
    }
    return {f"{group}_{key}": word for group, held in groups.items() for key, word in held.items()}
