"""Stores of patients: who they are, what they consent to, how they are recognised."""

from streamer.patients.consent_rules import ConsentRules
from streamer.storage.consents import PostgresConsents
from streamer.storage.consents_list import ConsentsList
from streamer.storage.enrolment import PostgresEnrolment
from streamer.storage.gallery_source import PostgresGallery
from streamer.storage.patient_erasure import PatientErasure
from streamer.storage.patient_files import PatientFiles
from streamer.storage.patients_import import PatientsImport
from streamer.storage.patients_list import PatientsList
from streamer.storage.people_reader import PeopleReader
from streamer.stores.erasing import eraser_of, patient_erasure_of
from streamer.stores.site_stores import SiteStores
from streamer.windows import presence_window


class PatientStores(SiteStores):
    """Patients, consents, templates, and their end."""

    __slots__ = ()

    @property
    def patients_import(self) -> PatientsImport:
        """Writes patients of a file."""
        base = self.database
        return PatientsImport(
            base.postgres,
            base.vault,
            base.keyed_hash,
            self.settings.site.id,
            eraser_of(self.settings, self.database),
        )

    def patients_list(self, pack_id: str) -> PatientsList:
        """Lists who consents, and whom a pack can recognise."""
        return PatientsList(self.database.postgres, self.settings.site.id, pack_id)

    @property
    def people_reader(self) -> PeopleReader:
        """Reads patients, consents, receipts and codes for the API."""
        return PeopleReader(self.page_reader, self.database.vault)

    @property
    def patient_files(self) -> PatientFiles:
        """Reads everything about one patient."""
        base, site = self.database, self.settings.site
        return PatientFiles(base.postgres, base.vault, site.id, site.name)

    @property
    def patient_erasure(self) -> PatientErasure:
        """Erases a person at their wish."""
        return patient_erasure_of(self.settings, self.database)

    @property
    def consent_rules(self) -> ConsentRules:
        """Who may consent, and who may be enrolled."""
        consent = self.settings.consent
        return ConsentRules(consent.term_days, consent.minimum_age, self.settings.site.zone)

    @property
    def consents(self) -> PostgresConsents:
        """Records consents and ends them."""
        base = self.database
        return PostgresConsents(
            base.postgres,
            base.vault,
            self.settings.site.id,
            self.consent_rules,
            eraser_of(self.settings, self.database),
        )

    @property
    def consents_list(self) -> ConsentsList:
        """Lists consents and receipts of erasure."""
        return ConsentsList(self.database.postgres, self.page_reader)

    @property
    def enrolments(self) -> PostgresEnrolment:
        """Writes templates."""
        base = self.database
        return PostgresEnrolment(
            base.postgres, base.vault, self.settings.site.id, self.consent_rules
        )

    def gallery(self, pack_id: str) -> PostgresGallery:
        """Who may be recognised now."""
        base = self.database
        return PostgresGallery(
            base.postgres,
            base.vault,
            self.settings.site.id,
            pack_id,
            presence_window(self.settings),
        )
