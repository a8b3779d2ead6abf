"""Who had been seen before the appointment was booked: laboratory, screening, a walk-in. Pure.

The patient is in the house, known by a check-in or a presence of today; a booking made or moved
since is arrived at by that sighting.
"""

from collections.abc import Mapping
from uuid import UUID, uuid5

from streamer.checkin.decision import ArrivalPolicy
from streamer.domain.actor import acted_as
from streamer.domain.check_in import CheckIn
from streamer.domain.late_booking import EarlierSighting, LateBooking

NOTE = "seen before this booking was known"


def arrival_afterwards(
    booking: LateBooking,
    policy: ArrivalPolicy,
    practitioners: Mapping[str, str],
    site_id: str,
) -> CheckIn | None:
    """Return the check-in that the earliest fitting sighting makes; None where none fits.

    It fits if it lies in the appointment's arrival window, in its building, and the practitioner
    who bills the appointment had no hand in it. The event's id follows from both, so that whoever
    finds it again writes nothing anew.

    Args:
        booking: The appointment and what is recorded of its patient.
        policy: The site's windows.
        practitioners: Whose appointments an account bills, by account, as the settings say.
        site_id: Where.
    """
    fitting = [one for one in booking.sightings if _fits(one, booking, policy, practitioners)]
    if not fitting:
        return None
    first = min(fitting, key=lambda one: (one.occurred_at, one.source_id))
    return CheckIn(
        event_id=_event_id(booking.appointment.appointment_id, first.source_id),
        site_id=site_id,
        appointment_id=booking.appointment.appointment_id,
        patient_id=booking.appointment.patient_id,
        method=first.method,
        evidence=first.evidence,
        occurred_at=first.occurred_at,
        camera_id=first.camera_id,
        score=first.score,
        threshold=first.threshold,
        pack_id=first.pack_id,
        decided_by=first.decided_by,
        device_id=first.device_id,
        note=NOTE,
    )


def _fits(
    one: EarlierSighting,
    booking: LateBooking,
    policy: ArrivalPolicy,
    practitioners: Mapping[str, str],
) -> bool:
    appointment, decided_by = booking.appointment, one.decided_by
    if not policy.window_open(appointment, one.occurred_at):
        return False
    if appointment.building not in (None, one.building):
        return False
    if decided_by is None:
        return True
    own = {name for name, ref in practitioners.items() if ref == booking.practitioner_ref}
    return not any(acted_as(decided_by, name) for name in own | booking.accounts)


def _event_id(appointment_id: UUID, source_id: UUID) -> UUID:
    return uuid5(appointment_id, str(source_id))
