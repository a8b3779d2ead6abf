"""A day of the clinic in which anything may happen in any order; the interleavings' world.

Real PostgreSQL, Redis and spool. What the service holds in memory is made anew by `restart`; what
is accepted waits in the spool until `deliver`. The clock moves a second with each act.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID, uuid4

import asyncpg
import redis

from streamer.checkin.day_watch import DayWatch
from streamer.checkin.decision import ArrivalPolicy, AutoArrive
from streamer.checkin.delivery import CheckInDelivery
from streamer.checkin.desk_comparisons import DeskComparisons, DeskRules
from streamer.checkin.rejections import Rejections
from streamer.checkin.review_desk import ReviewDesk
from streamer.checkin.review_queue import ReviewQueue
from streamer.checkin.service import CheckInService, Looking, Sighting
from streamer.domain.actor import Actor
from streamer.domain.appointment import AppointmentStatus as Status
from streamer.domain.booking import Booking
from streamer.domain.check_in import CheckIn, EvidenceGrade, Method, Recorded
from streamer.domain.comparison import Comparison, ComparisonOutcome
from streamer.domain.identity import Band, Identity
from streamer.domain.template import Template
from streamer.errors import DatabaseError, InputError
from streamer.storage.check_ins import PostgresCheckIns
from streamer.storage.day_facts import PostgresDayFacts
from streamer.storage.desk import PostgresDesk
from streamer.storage.redis_link import RedisLink
from streamer.storage.schedules import ScheduleCache
from streamer.storage.spool import Spool
from streamer.storage.undo import PostgresUndo
from tests.fakes.looking import identity
from tests.integration.storage.clinic import (
    CHECK_IN,
    PACK,
    PRESENCE,
    SITE,
    WINDOW,
    ZONE,
    Clinic,
    booking,
    moved,
    patient,
)
from tests.integration.storage.counter import Counter
from tests.integration.storage.truth import Told, Truth

RECEPTION, COLLEAGUE = Actor("reception"), Actor("colleague")
# Appointments by number: whose, and how much later than the others. The first patient has two, and
# the third one's cannot be arrived at yet.
OWNER = {1: 1, 11: 1, 2: 2, 3: 3}
HOURS = {1: 0.0, 11: 0.5, 2: 0.0, 3: 1.5}
PEOPLE = (1, 2, 3)
# What belongs to one day of the interleavings; patients and appointments stay.
_OF_A_DAY = (
    "attempts",
    "waiting_reviews",
    "codes",
    "status_changes",
    "face_blocks",
    "presences",
    "reviews",
    "check_ins",
)


class Flaky:
    """The database as the delivery sees it: it may refuse, or its answer may be lost."""

    def __init__(self, writer: PostgresCheckIns, answers: dict[UUID, Recorded]) -> None:
        self._writer = writer
        self._answers = answers
        self.fault = ""

    async def record(self, check_in: CheckIn) -> Recorded:
        if self.fault == "away":
            raise DatabaseError("database: away")
        recorded = await self._writer.record(check_in)
        if self.fault == "answer lost":
            raise DatabaseError("database: the connection was lost")
        self._answers[check_in.event_id] = recorded
        return recorded


class Noted:
    """The delivery as the service sees it; notes what has been accepted."""

    def __init__(self, delivery: CheckInDelivery, accepted: dict[UUID, CheckIn]) -> None:
        self._delivery = delivery
        self._accepted = accepted

    async def accept(self, check_in: CheckIn) -> bool:
        taken = await self._delivery.accept(check_in)
        if taken:
            self._accepted[check_in.event_id] = check_in
        return taken


class SureCamera:
    """Recognises whoever is picked."""

    building = "main"

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now

    async def compare(self, template: Template, stop: asyncio.Event) -> Comparison:
        return Comparison(ComparisonOutcome.MATCHED, template.pack_id, 4.0, 5.5, 4, self._now())


class Day:
    """Acts, and what must be true after each."""

    def __init__(
        self,
        clinic: Clinic,
        connection: "asyncpg.Connection[asyncpg.Record]",
        folder: Path,
        redis_url: str,
    ) -> None:
        self.clinic = clinic
        self._redis = redis.Redis.from_url(redis_url)
        # The service's way to Redis, which can be cut off.
        place = urlsplit(redis_url)
        self._socket, self._real_socket = folder / "redis.sock", Path(place.path)
        self._redis_url = urlunsplit(place._replace(path=str(self._socket)))
        self._spool_file = folder / "spool.sqlite"
        self._spool: Spool | None = None
        self._link: RedisLink | None = None
        self.told = Told()
        self.truth = Truth(connection, self.told)
        self.ids: dict[int, tuple[UUID, UUID]] = {}
        self.codes: dict[int, tuple[str, ...]] = {}

    # The service's life

    async def furnish(self) -> None:
        """What stays from day to day: patients and their appointments."""
        await self.clinic.import_patients(*(patient(number) for number in PEOPLE))
        await self.clinic.import_bookings(*(_booked(number) for number in OWNER))

    async def begin(self) -> None:
        """Everybody consents, everything is booked, nobody has come."""
        tables = "; ".join(f'DELETE FROM "{table}"' for table in _OF_A_DAY)
        await self.clinic.execute(f"{tables}; UPDATE appointments SET status = 'booked'")
        for number in PEOPLE:
            if number in await self._without_consent():
                await self.clinic.enrol(number, f"C-{uuid4()}")
        # The clock stands where it stood on the day before.
        await self.clinic.execute(
            "UPDATE consents SET recorded_at = $1, given_at = $1", self.clinic.clock.now()
        )
        await self.clinic.execute("DELETE FROM consents WHERE status <> 'active'")
        self.ids = {number: await self.clinic.ids(number) for number in OWNER}
        self.truth.statuses = {key: "booked" for key, _ in self.ids.values()}
        self._spool_file.unlink(missing_ok=True)
        self.mend_redis()
        self.flush_redis()
        await self.restart()

    async def restart(self) -> None:
        """The process is gone, with all it had in memory; another one starts."""
        await self.end()
        clinic, base = self.clinic, self.clinic.database
        self._spool = await asyncio.to_thread(Spool.open, self._spool_file)
        self._link = RedisLink(self._redis_url, 0.25, clinic.clock)
        self.schedules = ScheduleCache(base.postgres, self._link, SITE.id, ZONE, clinic.clock)
        self.check_ins = clinic.check_ins(self.schedules)
        self.flaky = Flaky(self.check_ins, self.told.answers)
        self.delivery = CheckInDelivery(self.flaky, self._spool, clinic.clock)
        reviews, waiting = clinic.reviews(self.check_ins), clinic.waiting_reviews()
        rejections = Rejections(ZONE)
        self.queue = ReviewQueue(ZONE)
        policy = ArrivalPolicy(*WINDOW, AutoArrive.ALWAYS, presence=PRESENCE)
        noted = Noted(self.delivery, self.told.accepted)
        presences = clinic.presences()
        facts = PostgresDayFacts(base.postgres, SITE.id, ZONE, *WINDOW)
        self.watch = DayWatch(facts, noted, policy, {}, SITE.id, clinic.clock)
        await self.watch.refresh()
        self.counter = Counter(clinic)
        self.undoing = PostgresUndo(base.postgres, clinic.clock, self.schedules, SITE.id, ZONE)
        self.by_hand = clinic.by_hand(self.check_ins)
        self.service = CheckInService(
            SITE.id,
            self.schedules,
            noted,
            presences,
            policy,
            Looking(self.queue, rejections, lambda: True, lambda: self.watch.current),
            clinic.clock,
        )
        self.desk = ReviewDesk(
            SITE.id, self.queue, rejections, reviews, waiting, policy, clinic.clock
        )
        # What waited in the killed service is over; what a code has shown waits on.
        await self.desk.recall()
        self.comparisons = DeskComparisons(
            DeskRules(SITE.id, PACK, policy),
            lambda _: SureCamera(clinic.clock.now),
            PostgresDesk(
                base.postgres,
                base.vault,
                self.check_ins,
                presences,
                waiting,
                SITE.id,
                clinic.clock,
            ),
            self.schedules,
            rejections,
            lambda: self.watch.current,
            clinic.clock,
        )

    async def end(self) -> None:
        """Let go of the spool and of Redis; nothing is delivered."""
        if self._spool is not None:
            self._spool.close()
        if self._link is not None:
            await self._link.close()
        self._spool = self._link = None
        self._redis.close()

    # Acts

    async def see(self, number: int, band: Band = Band.ACCEPT) -> None:
        """A camera recognises a patient whom its gallery holds."""
        key = self.ids[number][1]
        if key in await self.gallery():
            who = identity((key, 5.0 if band is Band.ACCEPT else 3.0), band=band, track_id=number)
            await self._decide(who)

    async def see_late(self, number: int) -> None:
        """A camera recognises a patient who was in its gallery a moment ago."""
        await self._decide(identity((self.ids[number][1], 5.0), track_id=number))

    async def _decide(self, who: Identity) -> None:
        # On a machine that is busy the database may answer late: the service then asks again.
        with suppress(DatabaseError):
            await self.service.decide(who, Sighting("main", self.clinic.clock.now()))

    async def deliver(self, fault: str = "") -> None:
        """What has been accepted goes to the database, as far as it answers."""
        self.flaky.fault = fault
        over = asyncio.Event()
        over.set()
        # Begins with what the spool holds, tries everything once, and ends.
        await self.delivery.run(over)
        self.flaky.fault = ""

    async def confirm(self) -> None:
        """Somebody looks at the oldest review: it is the patient."""
        for review in self.queue.waiting()[:1]:
            with suppress(InputError):
                await self.desk.confirm(str(review.review_id), "", RECEPTION)

    async def reject(self) -> None:
        """Somebody looks at the oldest review: it is not."""
        for review in self.queue.waiting()[:1]:
            await self.desk.reject(str(review.review_id), RECEPTION)

    async def confirm_shown(self) -> None:
        """Somebody looks at the oldest conflict that was not seen in the lobby: it is them."""
        for key in await self._shown():
            with suppress(InputError):
                await self.desk.confirm(key, "", COLLEAGUE)

    async def reject_shown(self) -> None:
        """Somebody looks at it: it is not."""
        for key in await self._shown():
            with suppress(InputError):
                await self.desk.reject(key, COLLEAGUE)

    async def _shown(self) -> list[str]:
        # Two at once may both find it; or it may have expired meanwhile.
        reports = await self.desk.reports()
        return [one.review_id for one in reports if one.method is not Method.FACE][:1]

    async def note_waiting(self) -> None:
        """The service notes what waits, as it does at once."""
        over = asyncio.Event()
        keeping = asyncio.create_task(self.desk.keep(over))
        while self.queue.changed.is_set():  # noqa: ASYNC110 - the task clears it
            await asyncio.sleep(0)
        over.set()
        await keeping

    async def compare(self, number: int) -> None:
        """Reception picks the patient, the desk camera recognises them."""
        with suppress(InputError, DatabaseError):
            report = await self.comparisons.compare(
                f"P-{number}", "desk-1", RECEPTION, asyncio.Event()
            )
            assert report.outcome is ComparisonOutcome.MATCHED

    async def check_in_by_hand(self, appointment: int) -> None:
        """Reception says that the patient is there."""
        with suppress(InputError):
            await self.by_hand.add(f"A-{appointment}", RECEPTION, "shows a passport")

    async def issue(self, number: int) -> None:
        """Reception hands the patient a code; a former one is of no use any more."""
        with suppress(InputError):
            issued = await self.counter.issue(number)
            self.codes[number] = (*self.codes.get(number, ()), issued.secret)

    async def redeem(self, number: int) -> None:
        """The patient types in the newest code they were ever given, used or not."""
        for secret in self.codes.get(number, ())[-1:]:
            await self.counter.redeem(secret)

    async def undo(self, appointment: int, wrong_person: bool = False) -> None:
        """Reception takes a check-in back."""
        with suppress(InputError):
            done = await self.undoing.undo(f"A-{appointment}", RECEPTION, "a mistake", wrong_person)
            if done.blocked:
                self.told.blocked.add(self.ids[appointment][1])

    async def look_back(self) -> None:
        """The service looks at what others have done to the day."""
        await self.watch.refresh()
        await self.watch.look_back()

    async def withdraw(self, number: int) -> None:
        """The patient no longer consents."""
        patient_id = self.ids[number][1]
        if patient_id not in self.told.withdrawn:
            with suppress(InputError):
                await self.clinic.consents().withdraw(
                    f"P-{number}", [CHECK_IN], RECEPTION, self.clinic.clock.now()
                )
            self.told.withdrawn.add(patient_id)
            self.told.withdrawn_at[patient_id] = self.clinic.clock.now()

    async def consent(self, number: int) -> None:
        """The patient consents again, and is enrolled again."""
        await self.clinic.enrol(number, f"C-{uuid4()}")
        self.told.withdrawn.discard(self.ids[number][1])

    async def import_status(self, appointment: int, status: Status) -> None:
        """The clinic's system says what it knows, or knew."""
        told = replace(_booked(appointment), status=status)
        await self.clinic.import_bookings(told, schedules=self.schedules)

    def cut_redis(self) -> None:
        """Redis is away, and keeps what it has."""
        self._socket.unlink(missing_ok=True)
        self._redis.client_kill_filter(_type="normal", skipme=True)

    def mend_redis(self) -> None:
        """Redis is there again."""
        if not self._socket.is_symlink():
            self._socket.symlink_to(self._real_socket)

    def flush_redis(self) -> None:
        """Redis has lost everything."""
        self._redis.flushall()

    async def at_once(self, appointment: int, what: Sequence[str]) -> None:
        """Several things about one appointment at the same time, without anybody deciding."""
        owner = OWNER[appointment]
        acts: dict[str, Callable[[], Awaitable[object]]] = {
            "face": lambda: self.check_ins.record(self.proposal(appointment)),
            "hand": lambda: self.check_in_by_hand(appointment),
            "desk": lambda: self.compare(owner),
            "withdraw": lambda: self.withdraw(owner),
            "code": lambda: self.redeem(owner),
            "confirm": self.confirm_shown,
            "reject": self.reject_shown,
            "undo": lambda: self.undo(appointment),
            "wrong person": lambda: self.undo(appointment, True),
            "cancel": lambda: self.import_status(appointment, Status.CANCELLED),
        }
        await asyncio.gather(*(acts[one]() for one in what))

    def proposal(self, appointment: int) -> CheckIn:
        """A check-in that nobody has decided about: the transaction must see to everything."""
        appointment_id, patient_id = self.ids[appointment]
        return CheckIn(
            event_id=uuid4(),
            site_id=SITE.id,
            appointment_id=appointment_id,
            patient_id=patient_id,
            method=Method.FACE,
            evidence=EvidenceGrade.FACE,
            occurred_at=self.clinic.clock.now(),
            camera_id="lobby-1",
            score=5.0,
            threshold=4.0,
            pack_id=PACK,
        )

    # What must be true

    async def check(self, imported: frozenset[int]) -> None:
        """Look at everything; `imported` names what the clinic's system has just spoken of."""
        spoken_of = frozenset(self.ids[number][0] for number in imported)
        await self.truth.check(spoken_of, self.spooled)
        if self.told.withdrawn:
            held = await self.gallery()
            assert not held & self.told.withdrawn, "the gallery holds somebody who withdrew"

    async def gallery(self) -> set[UUID]:
        """Who can be recognised at this moment."""
        of = dict(self.ids.values())
        keys = await self.clinic.gallery().keys(self.clinic.clock.now())
        return {of[key.appointment_id] for key in keys}

    def spooled(self) -> set[UUID]:
        """Events that wait on disk."""
        assert self._spool is not None
        return {one.event_id for one in self._spool.pending()}

    async def _without_consent(self) -> set[int]:
        async with self.clinic.database.postgres.connection() as connection:
            rows = await connection.fetch(
                "SELECT patient_ref FROM patients p WHERE NOT EXISTS (SELECT FROM consents c JOIN "
                "templates t USING (consent_id) WHERE c.patient_id = p.patient_id "
                "AND c.status = 'active')"
            )
        return {int(row["patient_ref"].removeprefix("P-")) for row in rows}


def _booked(appointment: int) -> Booking:
    return moved(booking(appointment, OWNER[appointment]), HOURS[appointment])
