"""Which status an appointment has after an import. A pure rule."""

from streamer.domain.appointment import AppointmentStatus as Status

_RANK = {
    Status.PROPOSED: 0,
    Status.WAITLIST: 0,
    Status.PENDING: 0,
    Status.BOOKED: 0,
    Status.ARRIVED: 1,
    Status.CHECKED_IN: 2,
    Status.NOSHOW: 2,
    Status.FULFILLED: 3,
    Status.CANCELLED: 3,
    Status.ENTERED_IN_ERROR: 3,
}


def merged_status(stored: Status, given: Status) -> Status:
    """Return the file's status unless it would move the appointment backwards.

    An export is older than the moment it is imported: a file that still says `booked` for a patient
    who has `arrived` meanwhile says nothing new. What the hospital system alone sets (`checked-in`,
    `noshow`, `fulfilled`, `cancelled`, `entered-in-error`) wins over `arrived`, and among statuses
    of one rank its latest word counts: a `noshow` who came late may become `checked-in`.
    """
    return given if _RANK[given] >= _RANK[stored] else stored
