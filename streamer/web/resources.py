"""What the routes of the clinic's domain ask for. Filled by `app` (`streamer.api`, the stores)."""

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import TYPE_CHECKING, Protocol
from uuid import UUID

from config.settings import Site
from streamer.crypto.pseudonyms import Pseudonyms
from streamer.crypto.seal import Seal
from streamer.domain.actor import Actor
from streamer.domain.appointment_entry import AppointmentEntry, AppointmentFilter
from streamer.domain.check_in_entry import CheckInEntry
from streamer.domain.code import CodeOrder, CodeRow, IssuedCode
from streamer.domain.consent import ConsentPurpose, ConsentText, Language
from streamer.domain.consent_entry import ConsentEntry, ReceiptEntry
from streamer.domain.desk_report import DeskReport
from streamer.domain.kept_answer import Claimed, Held, KeptAnswer
from streamer.domain.page import Page, Slice
from streamer.domain.patient_entry import PatientEntry, PatientProfile
from streamer.domain.presence_entry import PresenceEntry
from streamer.domain.recorded_event import RecordedEvent
from streamer.domain.review_report import ConfirmationReport, ReviewReport
from streamer.domain.sight import Sight
from streamer.web.camera_ports import Cameras, CameraTests
from streamer.web.day_resources import Day, Events
from streamer.web.device_ports import Devices, Kiosk, KioskCalls
from streamer.web.installation import Installation, Notices
from streamer.web.models.audit import Verification
from streamer.web.models.check_ins import ManualCheckInWritten, UndoneCheckIn
from streamer.web.models.codes import CodeShown, Device, Redemption
from streamer.web.models.consents import RecordedConsent, SignedConsent, Withdrawal, Withdrawn
from streamer.web.models.imports import ImportedAppointments, ImportedPatients, ImportResult
from streamer.web.models.patients import Enrolled, PhotoAdvice
from streamer.web.report_ports import Reports

if TYPE_CHECKING:
    from streamer.web.media.live_views import LiveViews
    from streamer.web.media.track_views import TrackViews


class Visits(Protocol):
    """Reads what happened; `storage.visits_reader.VisitsReader` does. All raise DatabaseError."""

    async def appointments(
        self, sight: Sight, day: date, wanted: AppointmentFilter, part: Slice
    ) -> Page[AppointmentEntry]:
        """Those of a day."""
        ...

    async def appointment(self, sight: Sight, appointment_ref: str) -> AppointmentEntry | None:
        """One of them."""
        ...

    async def check_ins(
        self, sight: Sight, day: date, undone: bool, patient_ref: str | None, part: Slice
    ) -> Page[CheckInEntry]:
        """Those of a day."""
        ...

    async def presences(
        self, sight: Sight, day: date, patient_ref: str | None, part: Slice
    ) -> Page[PresenceEntry]:
        """Those of a day."""
        ...


class People(Protocol):
    """Reads who there is; `storage.people_reader.PeopleReader` does. All raise DatabaseError."""

    async def patients(
        self,
        sight: Sight,
        pack_id: str,
        patient_ref: str | None,
        needs_enrolment: bool,
        part: Slice,
    ) -> Page[PatientEntry]:
        """By reference."""
        ...

    async def patient(
        self, sight: Sight, pack_id: str, patient_ref: str, named: bool
    ) -> tuple[PatientEntry, PatientProfile | None] | None:
        """One of them; raises VaultError, too."""
        ...

    async def consents(
        self, sight: Sight, patient_ref: str | None, part: Slice
    ) -> Page[ConsentEntry]:
        """Of a patient everything there was, else what is in force."""
        ...

    async def receipts(
        self, sight: Sight, patient_ref: str | None, part: Slice, erasure_id: UUID | None = None
    ) -> Page[ReceiptEntry]:
        """Receipts of erasure."""
        ...

    async def codes(self, sight: Sight, day: date, part: Slice) -> Page[CodeRow]:
        """Those in force on a day."""
        ...


class Looks(Protocol):
    """Puts a look at what is not in the database into the audit."""

    async def looked(
        self, sight: Sight, what: str, entity_id: str = "", patients: Sequence[UUID] = ()
    ) -> None:
        """Raise DatabaseError where it is not on record."""
        ...

    async def looked_over(
        self, sight: Sight, what: str, patient_refs: Iterable[str], entity_id: str = ""
    ) -> None:
        """The same of a list that shows these patients."""
        ...


@dataclass(frozen=True, slots=True)
class SentPhoto:
    """A photo as it was uploaded; in memory only."""

    name: str
    content: bytes


class Imports(Protocol):
    """Writes what another system knows; raises InputError, DatabaseError, VaultError."""

    async def patients(self, sent: ImportedPatients, by: Actor) -> ImportResult:
        """All of them, or none."""
        ...

    async def appointments(self, sent: ImportedAppointments, by: Actor) -> ImportResult:
        """All of them, or none."""
        ...


class Enrolments(Protocol):
    """Enrols patients; raises InputError, DatabaseError, VaultError."""

    async def enrol(
        self,
        patient_ref: str,
        photos: Sequence[SentPhoto],
        consent_ref: str,
        anyway: bool,
        by: Actor,
    ) -> Enrolled:
        """Make a template of photos, upon a consent in force."""
        ...

    async def advise(self, photo: SentPhoto) -> PhotoAdvice:
        """Say what could be better about one picture."""
        ...


class Consents(Protocol):
    """Records consents and ends them; raises InputError, DatabaseError, VaultError."""

    async def record(self, signed: SignedConsent, by: Actor) -> RecordedConsent:
        """Record a signed one."""
        ...

    async def withdraw(self, wanted: Withdrawal, by: Actor) -> Withdrawn:
        """End what is in force, and erase what rests on it."""
        ...

    def text(self, purpose: ConsentPurpose, language: Language) -> ConsentText:
        """What is read to a patient."""
        ...


class CheckIns(Protocol):
    """Writes check-ins by hand and takes them back; raises InputError, DatabaseError."""

    @property
    def enter_afterwards_days(self) -> int:
        """So many days later a time may still be entered."""
        ...

    async def add(
        self, appointment_ref: str, by: Actor, reason: str, at: datetime | None
    ) -> ManualCheckInWritten:
        """Write one."""
        ...

    async def undo(
        self, appointment_ref: str, by: Actor, reason: str, wrong_person: bool
    ) -> UndoneCheckIn:
        """Take one back."""
        ...


class Codes(Protocol):
    """Issues codes and takes them; raises InputError, OutsideError, DatabaseError."""

    async def issue(self, order: CodeOrder, by: Actor) -> IssuedCode:
        """Put one in force."""
        ...

    def drawn(self, text: str) -> Sequence[str]:
        """A QR code's modules; raises KirdiError where it cannot be drawn."""
        ...

    async def redeem(self, shown: CodeShown, by: Actor) -> Redemption:
        """Take one."""
        ...

    async def devices(self) -> Sequence[Device]:
        """Where wrong codes were shown today."""
        ...

    async def unblock(self, device: str, by: Actor) -> bool:
        """Let a device take codes again; False where there was nothing to forget."""
        ...


@dataclass(frozen=True, slots=True)
class Crop:
    """The face of a waiting review. In memory only.

    Attributes:
        jpeg: None where there is no picture.
        patients: Whom it may show.
    """

    camera_id: str
    jpeg: bytes | None
    patients: tuple[UUID, ...]


class Reviews(Protocol):
    """What waits for a person; raises InputError, DatabaseError."""

    async def reports(self) -> Sequence[ReviewReport]:
        """All that wait, oldest first."""
        ...

    async def crop(self, review_id: UUID) -> Crop | None:
        """One's picture; None where none waits under this id."""
        ...

    async def report(self, review_id: UUID) -> ReviewReport | None:
        """One of them; None where none waits under this id."""
        ...

    async def confirm(self, beginning: str, patient_ref: str, actor: Actor) -> ConfirmationReport:
        """It is this candidate."""
        ...

    async def reject(self, beginning: str, actor: Actor) -> None:
        """It is none of them."""
        ...


class Desk(Protocol):
    """Compares at the desk; raises InputError, CameraError, DatabaseError, VaultError."""

    async def compare(self, patient_ref: str, camera_id: str, by: Actor) -> DeskReport:
        """Compare whoever stands there with this patient."""
        ...


class Audit(Protocol):
    """Who did what; whoever looks is in it. Raises InputError, DatabaseError."""

    async def page(
        self,
        begins: datetime,
        ends: datetime,
        kind: str | None,
        actor: str | None,
        patient_ref: str | None,
        by: Actor,
        part: Slice,
    ) -> Page[RecordedEvent]:
        """A part of what was recorded in [begins, ends), the newest first."""
        ...

    async def verify(self, by: Actor) -> Verification:
        """Look at all of it; raises KirdiError while somebody else does."""
        ...


class OnceStore(Protocol):
    """Remembers writes; `storage.idempotency.PostgresOnce` does. All raise DatabaseError."""

    async def claim(self, account: str, key: str, request: bytes) -> Claimed | KeptAnswer | Held:
        """Begin a write, or learn what became of it."""
        ...

    def writing(self, claim: Claimed) -> AbstractContextManager[None]:
        """Around the write: what it commits is marked as this claim's."""
        ...

    async def answer(self, claim: Claimed, answer: KeptAnswer) -> None:
        """Keep what was answered."""
        ...

    async def release(self, claim: Claimed, *, nothing_done: bool) -> None:
        """The write came to nothing."""
        ...


@dataclass(frozen=True, slots=True)
class Resources:
    """Everything behind the routes of the clinic's domain.

    Attributes:
        site: What the settings say of it.
        zone: The site's; says what today is.
        pack_id: The model pack in use.
        cursors: Seals the places at which lists go on.
        pseudonyms: For those who may count and not know.
        live: Who looks at cameras; None = nobody can here.
        tracks: Who looks at their boxes; likewise.
        camera_tests: Looks at them before they are saved; likewise.
    """

    site: Site
    zone: tzinfo
    pack_id: str
    cursors: Seal
    pseudonyms: Pseudonyms
    once: OnceStore
    visits: Visits
    day: Day
    events: Events
    people: People
    looks: Looks
    imports: Imports
    enrolments: Enrolments
    consents: Consents
    check_ins: CheckIns
    codes: Codes
    kiosk: Kiosk
    kiosk_calls: KioskCalls
    devices: Devices
    reviews: Reviews
    desk: Desk
    cameras: Cameras
    notices: Notices
    audit: Audit
    reports: Reports
    installation: Installation
    live: "LiveViews | None" = None
    tracks: "TrackViews | None" = None
    camera_tests: CameraTests | None = None
