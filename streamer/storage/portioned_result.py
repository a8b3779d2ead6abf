"""What an import of claims or confirmations did. Commands read it, as they do `ImportResult`."""

from dataclasses import dataclass

from streamer.storage.import_result import ImportResult


@dataclass(frozen=True, slots=True)
class PortionedResult(ImportResult):
    """Rows that name a wrong appointment are imported: it may be a slip, or not here yet.

    Attributes:
        appointments_absent: Rows that name an appointment which is not known here,
        appointments_of_others: or one of another patient.
        wrong_appointments: Which rows these are: file, line and column; the first hundred.
    """

    appointments_absent: int = 0
    appointments_of_others: int = 0
    wrong_appointments: tuple[str, ...] = ()
