"""Rows as somebody is shown them who may count and not know: no reference, name, room or device."""

from streamer.crypto.pseudonyms import Pseudonyms
from streamer.domain.appointment_entry import AppointmentEntry
from streamer.domain.check_in_entry import CheckInEntry
from streamer.web.models.appointments import Appointment, Evidence
from streamer.web.models.check_ins import CheckIn


class Pseudonymous:
    """Makes such rows; everything that is not named here is left out."""

    def __init__(self, pseudonyms: Pseudonyms) -> None:
        """Keep what makes pseudonyms."""
        self._of = pseudonyms.of

    def appointment(self, entry: AppointmentEntry) -> Appointment:
        """An appointment: when it was, and whether there is evidence of what grade."""
        return Appointment(
            appointment_ref=self._of("appointment", entry.appointment_ref),
            patient_ref=self._of("patient", entry.patient_ref),
            practitioner_ref=self._of("practitioner", entry.practitioner_ref),
            practitioner=None,
            service_code=None,
            service_name=None,
            starts_at=entry.starts_at,
            ends_at=entry.ends_at,
            status=entry.status,
            place=entry.place,
            department=None,
            building=None,
            room=None,
            walk_in=entry.walk_in,
            ticket=None,
            evidence=None if entry.evidence is None else Evidence.model_validate(entry.evidence),
            pseudonymous=True,
        )

    def check_in(self, entry: CheckInEntry) -> CheckIn:
        """A check-in: when and how, and whether it was taken back."""
        return CheckIn(
            appointment_ref=self._of("appointment", entry.appointment_ref),
            patient_ref=self._of("patient", entry.patient_ref),
            method=entry.method,
            evidence=entry.evidence,
            occurred_at=entry.occurred_at,
            recorded_at=None,
            status=entry.status,
            building=None,
            camera=None,
            device=None,
            score=None,
            threshold=None,
            decided_by=None,
            note=None,
            undone_at=entry.undone_at,
            undone_by=None,
            undone_reason=None,
            pseudonymous=True,
        )
