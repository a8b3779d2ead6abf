"""Patients and appointments written, for `web.resources.Imports`."""

import asyncio

from streamer.backend import Backend
from streamer.domain.actor import Actor
from streamer.exchange.appointments_csv import sent_appointments
from streamer.exchange.patients_csv import sent_patients
from streamer.web.models.imports import (
    ImportedAppointments,
    ImportedPatients,
    ImportResult,
    as_sent,
)


class ApiImports:
    """Of one site; with the checks of the imports from files."""

    def __init__(self, backend: Backend) -> None:
        """Keep the stores."""
        self._backend = backend

    async def patients(self, sent: ImportedPatients, by: Actor) -> ImportResult:
        """Write them all, or none.

        What the keys of ended consents leave in the database's files `consent_keeper` destroys.

        Raises:
            InputError: One cannot be; nothing was written.
            DatabaseError: Nothing was written.
            VaultError: A stored profile does not open; nothing was written.
        """
        rows = await asyncio.to_thread(lambda: sent_patients(as_sent(sent.patients)))
        now = self._backend.clock.now()
        result = await self._backend.patients_import.run(rows, now, by, sent.readmit)
        return ImportResult.model_validate(result)

    async def appointments(self, sent: ImportedAppointments, by: Actor) -> ImportResult:
        """Write them all, or none.

        Raises:
            InputError: One cannot be; nothing was written.
            DatabaseError: Nothing was written.
        """
        site = self._backend.settings.site
        rows = await asyncio.to_thread(
            lambda: sent_appointments(as_sent(sent.appointments), site.zone, site.buildings)
        )
        now = self._backend.clock.now()
        result = await self._backend.appointments_import.run(rows, now, by)
        return ImportResult.model_validate(result)
