"""Consents recorded and ended, for `web.resources.Consents`."""

from config.settings import Settings
from streamer.backend import Backend
from streamer.commands.consent_days import term_of
from streamer.domain.actor import Actor
from streamer.domain.consent import (
    ConsentGiven,
    ConsentPurpose,
    ConsentText,
    EndReason,
    Language,
)
from streamer.domain.erasure_receipt import ErasureReceipt
from streamer.errors import InputError
from streamer.patients.consent_text import consent_text
from streamer.web.models.consents import (
    Consent,
    Receipt,
    RecordedConsent,
    SignedConsent,
    Withdrawal,
    Withdrawn,
)


class ApiConsents:
    """Of one site."""

    def __init__(self, settings: Settings, backend: Backend) -> None:
        """Keep the collaborators."""
        self._settings = settings
        self._backend = backend

    async def record(self, signed: SignedConsent, by: Actor) -> RecordedConsent:
        """Record a signed one.

        Raises:
            InputError: Nobody could have given it, or the document is recorded otherwise.
            DatabaseError: Nothing was written.
            VaultError: The patient's profile does not open; nothing was written.
        """
        now = self._backend.clock.now()
        given, expires = (
            None if one is None else one.isoformat() for one in (signed.given, signed.expires)
        )
        term = term_of(given, expires, self._settings, now)
        wanted = ConsentGiven(
            patient_ref=signed.patient_ref,
            purpose=signed.purpose,
            document_ref=signed.document_ref.strip(),
            given_at=term.given_at,
            expires_at=term.expires_at,
            identity_check=signed.identity_check,
            guardian_ref=signed.guardian_ref,
        )
        read = self.text(signed.purpose, signed.language)
        new = await self._backend.consents.record(wanted, read, by, now)
        rows = await self._backend.consents_list.consents(now, wanted.patient_ref)
        key = (wanted.purpose.value, wanted.document_ref)
        # The newest: one of the same number may have been entered in error before.
        (*_, found) = (row for row in rows if (row.purpose, row.document_ref) == key)
        if expires is not None and found.expires_at != term.expires_at:
            raise InputError(
                f"patient {wanted.patient_ref}: this document is recorded already, with another "
                "term; if that is a mistake, end it with the reason entered-in-error and record "
                "it anew"
            )
        return RecordedConsent(consent=Consent.model_validate(found), new=new)

    async def withdraw(self, wanted: Withdrawal, by: Actor) -> Withdrawn:
        """End what is in force, and erase what rests on it.

        What the keys leave in the database's files `consent_keeper` destroys; the receipt says when
        that is done.

        Raises:
            InputError: There is no such consent in force.
            DatabaseError: Nothing was written.
            VaultError: See `Eraser.end`.
        """
        purposes = tuple(ConsentPurpose) if wanted.purpose is None else (wanted.purpose,)
        ended = await self._backend.consents.withdraw(
            wanted.patient_ref,
            purposes,
            by,
            self._backend.clock.now(),
            EndReason(wanted.reason),
        )
        receipt = None if ended.receipt is None else _receipt(ended.receipt, wanted.patient_ref)
        return Withdrawn(
            patient_ref=wanted.patient_ref, ended=list(ended.purposes), receipt=receipt
        )

    def text(self, purpose: ConsentPurpose, language: Language) -> ConsentText:
        """What is read to a patient."""
        settings = self._settings
        return consent_text(purpose, language, settings.consent, settings.site.name)


def _receipt(receipt: ErasureReceipt, patient_ref: str) -> Receipt:
    return Receipt(
        erasure_id=receipt.erasure_id,
        patient_ref=patient_ref,
        reason=receipt.reason,
        erased_by=receipt.erased_by,
        erased_at=receipt.erased_at,
        templates=receipt.templates,
        files_clean_at=receipt.files_clean_at,
        log_clean_at=receipt.log_clean_at,
        backups_clean_by=receipt.backups_clean_by,
    )
