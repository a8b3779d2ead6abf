"""The database, the key and the cache of one site, opened together.

Used by `app` and by every command that reads or writes what Kirdi knows.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import structlog

from config.settings import Settings, Site
from streamer.clock import Clock
from streamer.crypto.answer_seal import AnswerSeal
from streamer.domain.change import Change
from streamer.embedded.services import Services, embedded_services
from streamer.errors import KirdiError
from streamer.key_places import key_places
from streamer.patients.consent_rules import ConsentRules
from streamer.storage.accounts import PostgresAccounts
from streamer.storage.api_tokens import PostgresTokens
from streamer.storage.appointments_import import AppointmentsImport
from streamer.storage.audit_log import AuditLog
from streamer.storage.audit_verification import AuditVerification
from streamer.storage.calibrations import PostgresCalibrations
from streamer.storage.change_feed import ChangeFeed
from streamer.storage.check_ins import PostgresCheckIns
from streamer.storage.checkpoint_file import CheckpointFile
from streamer.storage.consents import PostgresConsents
from streamer.storage.consents_list import ConsentsList
from streamer.storage.database import Database, open_database, open_postgres
from streamer.storage.database_role import DatabaseRole
from streamer.storage.day_facts import PostgresDayFacts
from streamer.storage.desk import PostgresDesk
from streamer.storage.enrolment import PostgresEnrolment
from streamer.storage.erased_references import ErasedReferences
from streamer.storage.eraser import Eraser
from streamer.storage.erasure_register import ErasureRegister, RegisterError
from streamer.storage.gallery_source import PostgresGallery
from streamer.storage.idempotency import PostgresOnce
from streamer.storage.incident_facts import IncidentRecords
from streamer.storage.job_runs import PostgresJobRuns
from streamer.storage.key_rotation import KeyRotation
from streamer.storage.listing import Listing
from streamer.storage.manual_check_ins import ManualCheckIns
from streamer.storage.match_counts import PostgresMatchCounts
from streamer.storage.page_reader import PageReader
from streamer.storage.patient_erasure import PatientErasure
from streamer.storage.patient_files import PatientFiles
from streamer.storage.patients_import import PatientsImport
from streamer.storage.patients_list import PatientsList
from streamer.storage.people_reader import PeopleReader
from streamer.storage.postgres import Postgres
from streamer.storage.presences import PostgresPresences
from streamer.storage.redis_link import RedisLink
from streamer.storage.remnants import Remnants
from streamer.storage.retention import Retention
from streamer.storage.reviews import PostgresReviews
from streamer.storage.schedules import ScheduleCache
from streamer.storage.schema import migrate
from streamer.storage.sign_in_attempts import PostgresSignInAttempts
from streamer.storage.site_logins import is_ready, serve_site
from streamer.storage.undo import PostgresUndo
from streamer.storage.uptime import CameraUptime
from streamer.storage.visits_reader import VisitsReader
from streamer.storage.waiting_reviews import PostgresWaitingReviews
from streamer.storage.web_sessions import PostgresSessions, SessionTerms
from streamer.windows import presence_window

log = structlog.get_logger(__name__)


def checkpoint_path(settings: Settings, home: Path) -> Path:
    """Where the audit's checkpoints are."""
    return settings.audit.checkpoint_file or home / "audit" / "checkpoints.jsonl"


def register_of(settings: Settings, home: Path) -> ErasureRegister:
    """What was erased, outside the database."""
    return ErasureRegister(home / "register", settings.backup.register_copies)


def eraser_of(settings: Settings, database: Database) -> Eraser:
    """Ends consents inside another's transaction."""
    kept = timedelta(days=settings.consent.backups_kept_days)
    return Eraser(database.vault, settings.site.id, kept)


def patient_erasure_of(settings: Settings, database: Database) -> PatientErasure:
    """Erases a person at their wish."""
    return PatientErasure(
        database.postgres,
        database.vault,
        settings.site.id,
        eraser_of(settings, database),
        ErasedReferences(database.keyed_hash, settings.site.id),
        settings.retention.days,
    )


@dataclass(frozen=True, slots=True)
class Backend:
    """The stores of one site."""

    settings: Settings
    database: Database
    schedules: ScheduleCache
    clock: Clock
    home: Path
    register: ErasureRegister
    services: Services

    @property
    def patients_import(self) -> PatientsImport:
        """Writes patients of a file."""
        base = self.database
        return PatientsImport(
            base.postgres, base.vault, base.keyed_hash, self.settings.site.id, self._eraser
        )

    @property
    def appointments_import(self) -> AppointmentsImport:
        """Writes appointments of a file."""
        site = self.settings.site
        return AppointmentsImport(
            self.database.postgres, site.id, site.zone, self.schedules, self._erased
        )

    @property
    def _erased(self) -> ErasedReferences:
        return ErasedReferences(self.database.keyed_hash, self.settings.site.id)

    @property
    def consent_rules(self) -> ConsentRules:
        """Who may consent, and who may be enrolled."""
        consent = self.settings.consent
        return ConsentRules(consent.term_days, consent.minimum_age, self.settings.site.zone)

    @property
    def enrolments(self) -> PostgresEnrolment:
        """Writes templates."""
        base = self.database
        return PostgresEnrolment(
            base.postgres, base.vault, self.settings.site.id, self.consent_rules
        )

    @property
    def consents(self) -> PostgresConsents:
        """Records consents and ends them."""
        base = self.database
        return PostgresConsents(
            base.postgres, base.vault, self.settings.site.id, self.consent_rules, self._eraser
        )

    @property
    def consents_list(self) -> ConsentsList:
        """Lists consents and receipts of erasure."""
        return ConsentsList(self.database.postgres, self.settings.site.id)

    @property
    def remnants(self) -> Remnants:
        """Destroys what erased keys leave in the database's files."""
        return Remnants(self.database.postgres, self.clock, self.register)

    @property
    def key_rotation(self) -> KeyRotation:
        """Wraps all keys anew."""
        base = self.database
        return KeyRotation(base.postgres, base.vault, self.settings.site.id, self.clock)

    @asynccontextmanager
    async def retention(self) -> AsyncIterator[Retention]:
        """Deletes what is kept no longer, as the role that may; raises DatabaseError."""
        async with self.postgres_as(DatabaseRole.RETENTION) as postgres:
            yield Retention(
                postgres,
                self.database.postgres,
                self.settings.site.id,
                self._eraser,
                self.settings.retention.days,
                self.clock,
            )

    @property
    def job_runs(self) -> PostgresJobRuns:
        """Which jobs ran."""
        return PostgresJobRuns(self.database.postgres, self.settings.site.id)

    @property
    def patient_files(self) -> PatientFiles:
        """Reads everything about one patient."""
        base, site = self.database, self.settings.site
        return PatientFiles(base.postgres, base.vault, site.id, site.name)

    @property
    def incident_records(self) -> IncidentRecords:
        """Finds out whom a breach affects."""
        base, site = self.database, self.settings.site
        return IncidentRecords(base.postgres, base.vault, site.id, site.name, site.zone)

    @property
    def patient_erasure(self) -> PatientErasure:
        """Erases a person at their wish."""
        return patient_erasure_of(self.settings, self.database)

    @property
    def _eraser(self) -> Eraser:
        return eraser_of(self.settings, self.database)

    @property
    def check_ins(self) -> PostgresCheckIns:
        """Writes check-ins."""
        arrival = self.settings.arrival
        return PostgresCheckIns(
            self.database.postgres,
            self.clock,
            self.schedules,
            timedelta(minutes=arrival.opens_before_min),
            timedelta(minutes=arrival.closes_after_min),
            self.settings.site.zone,
        )

    @property
    def undo(self) -> PostgresUndo:
        """Takes check-ins back."""
        site = self.settings.site
        return PostgresUndo(self.database.postgres, self.clock, self.schedules, site.id, site.zone)

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
    def accounts(self) -> PostgresAccounts:
        """Who may sign in."""
        return PostgresAccounts(self.database.postgres, self.settings.site.id)

    @property
    def tokens(self) -> PostgresTokens:
        """What programs come with."""
        base = self.database
        return PostgresTokens(base.postgres, self.settings.site.id, base.web_secrets)

    @property
    def web_sessions(self) -> PostgresSessions:
        """Who is signed in."""
        base, web = self.database, self.settings.web
        terms = SessionTerms(
            timedelta(hours=web.session_hours), timedelta(minutes=web.session_idle_min)
        )
        return PostgresSessions(
            base.postgres, self.settings.site.id, base.web_secrets, self.accounts, terms
        )

    @property
    def sign_in_attempts(self) -> PostgresSignInAttempts:
        """How often signing in failed."""
        base = self.database
        return PostgresSignInAttempts(base.postgres, self.settings.site.id, base.web_secrets)

    def calibrations(self, pack_id: str) -> PostgresCalibrations:
        """The site's calibrations of a pack."""
        base = self.database
        return PostgresCalibrations(base.postgres, base.vault, self.settings.site.id, pack_id)

    def match_counts(self, pack_id: str) -> PostgresMatchCounts:
        """How much was searched."""
        return PostgresMatchCounts(self.database.postgres, self.settings.site.id, pack_id)

    def patients_list(self, pack_id: str) -> PatientsList:
        """Lists who consents, and whom a pack can recognise."""
        return PatientsList(self.database.postgres, self.settings.site.id, pack_id)

    @asynccontextmanager
    async def postgres_as(self, role: DatabaseRole) -> AsyncIterator[Postgres]:
        """Open a pool as another role than the service's, which this backend works as.

        Raises:
            DatabaseError: The settings name no login for it, or the database refuses.
        """
        url, settings = self.services.url_as(role), self.settings
        async with open_postgres(url, settings.database, settings.site, role) as postgres:
            yield postgres

    def change_feed(self, tell: Callable[[Change], None]) -> ChangeFeed:
        """Hears what others change."""
        return ChangeFeed(self.database.postgres, self.settings.site.id, tell, self.clock)

    @property
    def uptime(self) -> CameraUptime:
        """Writes what the cameras did."""
        return CameraUptime(self.database.postgres, self.settings.site.id)

    @property
    def audit_log(self) -> AuditLog:
        """Reads the audit, and keeps what belongs to no other store."""
        return AuditLog(self.database.postgres, self.settings.site.id, self.clock)

    @property
    def audit_verification(self) -> AuditVerification:
        """Looks at every event."""
        return AuditVerification(self.database.postgres, self.settings.site.id)

    @property
    def checkpoint_file(self) -> CheckpointFile:
        """Where the ends of the audit's chains are kept besides the database."""
        path = checkpoint_path(self.settings, self.home)
        return CheckpointFile(path, self.database.checkpoint_seal, self.settings.site.id)

    async def leave_checkpoint(self) -> None:
        """Keep where the audit ends now; that it cannot be kept is told and harms nothing."""
        try:
            heads = await self.audit_log.heads()
            await asyncio.to_thread(self.checkpoint_file.append, heads, self.clock.now())
        except KirdiError as error:
            log.warning("audit checkpoint not kept", reason=str(error))

    @property
    def listing(self) -> Listing:
        """Lists a day."""
        site = self.settings.site
        return Listing(self.database.postgres, site.id, site.zone)

    @property
    def page_reader(self) -> PageReader:
        """How rows are read for the API."""
        site = self.settings.site
        return PageReader(self.database.postgres, (site.id, site.zone), self.clock)

    @property
    def visits_reader(self) -> VisitsReader:
        """Reads appointments, check-ins and presences for the API."""
        return VisitsReader(self.page_reader)

    @property
    def people_reader(self) -> PeopleReader:
        """Reads patients, consents, receipts and codes for the API."""
        return PeopleReader(self.page_reader, self.database.vault)

    @property
    def once(self) -> PostgresOnce:
        """Remembers which writes of the API were made."""
        base = self.database
        return PostgresOnce(
            base.postgres, AnswerSeal(base.secrets.derive), self.settings.site.id, self.clock
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


async def prepare(services: Services, site: Site) -> None:
    """Bring an embedded database to what this program needs; as its owner only where it isn't yet.

    Raises:
        DatabaseError: It refuses.
    """
    if not await is_ready(services.database_url, site):
        owner_url = services.url_as(DatabaseRole.OWNER)
        await migrate(owner_url)
        await serve_site(owner_url, site, services.login_urls, several=True)


@asynccontextmanager
async def open_backend(settings: Settings, home: Path, clock: Clock) -> AsyncIterator[Backend]:
    """Open the stores, starting embedded servers where no URLs are set.

    An embedded database is migrated on the way: nobody else can. One of the clinic's own is not:
    its administrator runs `kirdi db migrate` when it suits.

    Raises:
        KirdiError: Something cannot be opened; names it and the remedy.
    """
    # First of all: what a variable holds must not be inherited by the servers.
    keys = key_places(settings.keys, home)
    async with embedded_services(settings.database, settings.redis, home) as services:
        if settings.database.url is None:
            await prepare(services, settings.site)
        redis = (
            RedisLink(services.redis_url, settings.redis.timeout_s, clock)
            if services.redis_url is not None
            else None
        )
        try:
            async with open_database(
                services.database_url, settings.database, settings.site, keys
            ) as database:
                register = register_of(settings, home)
                try:
                    # Refuses a database that was restored past what is erased.
                    await register.sync(database.postgres)
                except RegisterError as error:
                    log.warning("register of erasures not complete", reason=str(error))
                site = settings.site
                schedules = ScheduleCache(database.postgres, redis, site.id, site.zone, clock)
                backend = Backend(settings, database, schedules, clock, home, register, services)
                try:
                    yield backend
                finally:
                    await backend.leave_checkpoint()
        finally:
            if redis is not None:
                await redis.close()
