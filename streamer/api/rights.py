"""What a patient may ask for, for `web.installation.Rights`."""

import asyncio

from streamer.backend import Backend
from streamer.domain.actor import Actor
from streamer.domain.patient_file import PatientFile
from streamer.domain.rights_letter import fault_of_letter
from streamer.errors import InputError
from streamer.exchange.patient_file import LANGUAGES, patient_file_json, patient_file_pdf
from streamer.storage.patient_erasure import nobody_ref
from streamer.web.models.consents import Receipt
from streamer.web.models.rights import Erased, ErasureWanted, StillKept


class ApiRights:
    """Of one site."""

    def __init__(self, backend: Backend) -> None:
        """Keep the stores."""
        self._backend = backend
        # Setting a document takes a core for a while: one at a time beside the cameras.
        self._one = asyncio.Lock()

    async def export_json(self, patient_ref: str, by: Actor) -> bytes:
        """Everything that is held of a patient; raises InputError, DatabaseError, VaultError."""
        file = await self._file(patient_ref, by)
        return await asyncio.to_thread(patient_file_json, file)

    async def export_pdf(self, patient_ref: str, language: str | None, by: Actor) -> bytes:
        """The same for people; raises KirdiError, too."""
        async with self._one:
            file = await self._file(patient_ref, by)
            own = file.profile.language or ""
            chosen = language or (own if own in LANGUAGES else LANGUAGES[0])
            zone = self._backend.settings.site.zone
            return await asyncio.to_thread(patient_file_pdf, file, chosen, zone)

    async def erase(self, wanted: ErasureWanted, by: Actor) -> Erased:
        """Erase a patient at their wish.

        What the keys leave in the database's files `consent_keeper` destroys; the receipt says when
        that is done.

        Raises:
            InputError: The letter's number can't be kept, the patient is unknown, or signed for
                somebody else.
            DatabaseError: Nothing was written.
            VaultError: Nothing was written.
        """
        if (fault := fault_of_letter(wanted.reason)) is not None:
            raise InputError(f"reason: {fault}")
        backend = self._backend
        now = backend.clock.now()
        erased = await backend.patient_erasure.erase(wanted.patient_ref, wanted.reason, by, now)
        await backend.schedules.invalidate([now.astimezone(backend.settings.site.zone).date()])
        receipt = erased.receipt
        return Erased(
            patient_id=erased.patient_id,
            receipt=Receipt(
                erasure_id=receipt.erasure_id,
                patient_ref=nobody_ref(erased.patient_id),
                reason=receipt.reason,
                erased_by=receipt.erased_by,
                erased_at=receipt.erased_at,
                templates=receipt.templates,
                files_clean_at=receipt.files_clean_at,
                log_clean_at=receipt.log_clean_at,
                backups_clean_by=receipt.backups_clean_by,
            ),
            deleted=dict(erased.deleted),
            kept=[StillKept.model_validate(one) for one in erased.kept],
        )

    async def _file(self, patient_ref: str, by: Actor) -> PatientFile:
        return await self._backend.patient_files.read(
            patient_ref, by.name, self._backend.clock.now()
        )
