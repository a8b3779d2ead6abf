"""Stores of a day: appointments, and who came."""

from datetime import timedelta

from streamer.storage.appointments_import import AppointmentsImport
from streamer.storage.check_ins import PostgresCheckIns
from streamer.storage.claims_import import ClaimsImport
from streamer.storage.confirmations_import import ConfirmationsImport
from streamer.storage.day_facts import PostgresDayFacts
from streamer.storage.day_reader import DayReader
from streamer.storage.desk import PostgresDesk
from streamer.storage.erased_references import ErasedReferences
from streamer.storage.listing import Listing
from streamer.storage.manual_check_ins import ManualCheckIns
from streamer.storage.open_reports import OpenReports
from streamer.storage.presences import PostgresPresences
from streamer.storage.replies import PostgresReplies
from streamer.storage.report_deliveries import PostgresDeliveries
from streamer.storage.report_schedules import PostgresReportSchedules
from streamer.storage.reports import PostgresReports
from streamer.storage.reviews import PostgresReviews
from streamer.storage.tickets import PostgresTickets
from streamer.storage.undo import PostgresUndo
from streamer.storage.visit_days import VisitDays
from streamer.storage.visits_reader import VisitsReader
from streamer.storage.waiting_reviews import PostgresWaitingReviews
from streamer.stores.site_stores import SiteStores
from streamer.windows import presence_window


class VisitStores(SiteStores):
    """Appointments, check-ins, reviews, presences."""

    __slots__ = ()

    @property
    def appointments_import(self) -> AppointmentsImport:
        """Writes appointments of a file."""
        site = self.settings.site
        return AppointmentsImport(
            self.database.postgres,
            site.id,
            site.zone,
            self.day_listener,
            ErasedReferences(self.database.keyed_hash, site.id),
        )

    @property
    def claims_import(self) -> ClaimsImport:
        """Writes billed services of a file."""
        base, site = self.database, self.settings.site
        return ClaimsImport(base.postgres, site.id, ErasedReferences(base.keyed_hash, site.id))

    @property
    def confirmations_import(self) -> ConfirmationsImport:
        """Writes the ministry's confirmations of a file."""
        base, site = self.database, self.settings.site
        return ConfirmationsImport(
            base.postgres, site.id, ErasedReferences(base.keyed_hash, site.id)
        )

    @property
    def check_ins(self) -> PostgresCheckIns:
        """Writes check-ins."""
        arrival = self.settings.arrival
        return PostgresCheckIns(
            self.database.postgres,
            self.clock,
            self.day_listener,
            timedelta(minutes=arrival.opens_before_min),
            timedelta(minutes=arrival.closes_after_min),
            self.settings.site.zone,
        )

    @property
    def tickets(self) -> PostgresTickets:
        """The day's numbers."""
        site = self.settings.site
        return PostgresTickets(self.database.postgres, site.id, site.zone)

    @property
    def undo(self) -> PostgresUndo:
        """Takes check-ins back."""
        site = self.settings.site
        return PostgresUndo(
            self.database.postgres, self.clock, self.day_listener, site.id, site.zone
        )

    @property
    def manual_check_ins(self) -> ManualCheckIns:
        """Checks patients in by hand."""
        site = self.settings.site
        return ManualCheckIns(
            self.database.postgres,
            self.check_ins,
            self.presences,
            self.waiting_reviews,
            self.clock,
            (site.id, site.zone),
            presence_window(self.settings),
            self.settings.arrival.enter_afterwards_days,
        )

    @property
    def day_facts(self) -> PostgresDayFacts:
        """What was undone, and who was seen before being booked."""
        site, arrival = self.settings.site, self.settings.arrival
        return PostgresDayFacts(
            self.database.postgres,
            site.id,
            site.zone,
            timedelta(minutes=arrival.opens_before_min),
            timedelta(minutes=arrival.closes_after_min),
        )

    @property
    def presences(self) -> PostgresPresences:
        """Writes sightings that changed no status."""
        return PostgresPresences(self.database.postgres, self.clock, self.settings.site.zone)

    @property
    def reviews(self) -> PostgresReviews:
        """Writes what people decide about matches."""
        site = self.settings.site
        return PostgresReviews(
            self.database.postgres,
            self.check_ins,
            self.presences,
            site.id,
            site.zone,
            self.clock,
        )

    @property
    def waiting_reviews(self) -> PostgresWaitingReviews:
        """What waits for a person."""
        site = self.settings.site
        return PostgresWaitingReviews(self.database.postgres, site.id, site.zone)

    @property
    def desk(self) -> PostgresDesk:
        """Reads one patient's template, and writes what follows from a match at the desk."""
        base = self.database
        return PostgresDesk(
            base.postgres,
            base.vault,
            self.check_ins,
            self.presences,
            self.waiting_reviews,
            self.settings.site.id,
            self.clock,
        )

    @property
    def listing(self) -> Listing:
        """Lists a day."""
        return Listing(self.page_reader)

    @property
    def visits_reader(self) -> VisitsReader:
        """Reads appointments, check-ins and presences for the API."""
        return VisitsReader(self.page_reader)

    @property
    def day_reader(self) -> DayReader:
        """Reads the whole day for pages, and what of it was changed."""
        return DayReader(self.page_reader, self.database.vault)

    @property
    def visit_days(self) -> VisitDays:
        """Reads a period's facts for reports."""
        base, site = self.database, self.settings.site
        return VisitDays(base.postgres, site.id, site.zone)

    @property
    def reports(self) -> PostgresReports:
        """Keeps reports."""
        return PostgresReports(self.database.postgres, self.settings.site.id)

    @property
    def replies(self) -> PostgresReplies:
        """Keeps practitioners' answers to reports."""
        base, site = self.database, self.settings.site
        return PostgresReplies(base.postgres, base.vault, site.id, site.zone)

    @property
    def report_deliveries(self) -> PostgresDeliveries:
        """Keeps where reports are sent."""
        return PostgresDeliveries(self.database.postgres, self.settings.site.id)

    @property
    def report_schedules(self) -> PostgresReportSchedules:
        """Keeps the schedules of reports that the settings do not name."""
        return PostgresReportSchedules(self.database.postgres, self.settings.site.id)

    @property
    def open_reports(self) -> OpenReports:
        """Which reports are not final."""
        return OpenReports(self.database.postgres, self.settings.site.id)
