"""The counters at which codes are issued and redeemed, over a real database and fakes outside."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from streamer.checkin.codes.claim import Claim, Redeemed
from streamer.checkin.codes.issuing import Issuing
from streamer.checkin.codes.limits import Limits
from streamer.checkin.codes.national_document import NationalDocument
from streamer.checkin.codes.qr_token import QrToken
from streamer.checkin.codes.redeeming import Redeeming
from streamer.checkin.codes.typed_digits import TypedDigits
from streamer.checkin.decision import ArrivalPolicy, AutoArrive
from streamer.domain.actor import Actor
from streamer.domain.claim import Device
from streamer.domain.code import CodeKind, CodeOrder, IssuedCode
from streamer.domain.patient import Patient
from streamer.domain.person import Person
from streamer.errors import OutsideError
from streamer.storage.attempts import PostgresAttempts
from streamer.storage.claims import ClaimKeys, ClaimReach, PostgresClaims
from streamer.storage.codes import CodeTerms, PostgresCodes
from tests.integration.storage.clinic import PRESENCE, SITE, WINDOW, ZONE, Clinic, booking, patient

ASEL, DINA = Actor("asel"), Actor("dina")
DOCTOR = Actor("doctor", ("D-1",))
DESK = Device("desk-1", "main")
TABLET = Device("tablet-1", "main")
KIOSK = Device("kiosk-1", "main", camera=True)
PATIENT_LIMITS = Limits(free=3)


@dataclass
class FakeMessenger:
    """Keeps what it sent, or is away."""

    there: bool = True
    away: bool = False
    sent: list[tuple[str, str]] = field(default_factory=list)

    async def send(self, phone: str, text: str) -> None:
        if self.away:
            raise OutsideError("sms: no answer in 10 s")
        self.sent.append((phone, text))


@dataclass
class FakeService:
    """The national service: codes to persons."""

    people: dict[str, Person] = field(default_factory=dict)
    there: bool = True
    away: bool = False

    def reads(self, text: str) -> bool:
        return text.startswith("egov:")

    async def whose(self, code: str) -> Person | None:
        if self.away:
            raise OutsideError("egov: no answer in 4 s")
        return self.people.get(code)


class Counter:
    """A clinic where codes are issued and redeemed."""

    def __init__(self, clinic: Clinic, limits: Limits | None = None) -> None:
        base, site = clinic.database, (SITE.id, ZONE)
        self.clinic = clinic
        self.messenger, self.service = FakeMessenger(), FakeService()
        terms = CodeTerms(*WINDOW, timedelta(days=7), 10)
        self.codes = PostgresCodes(
            base.postgres, base.vault, base.code_hash, base.tokens, site, terms
        )
        self.issuing = Issuing(self.codes, self.messenger, (SITE.name, ZONE), clinic.clock)
        self.attempts = PostgresAttempts(
            base.postgres, SITE.id, ZONE, limits or Limits(), PATIENT_LIMITS
        )
        self.claims = PostgresClaims(
            base.postgres,
            ClaimKeys(base.code_hash, base.tokens, base.keyed_hash, base.vault),
            clinic.check_ins(),
            clinic.presences(),
            clinic.waiting_reviews(),
            site,
            ClaimReach(*WINDOW, PRESENCE.before),
        )
        self.redeeming = Redeeming(
            SITE.id,
            (TypedDigits(), QrToken(), NationalDocument(self.service, clinic.clock)),
            self.claims,
            self.attempts,
            ArrivalPolicy(*WINDOW, AutoArrive.NEVER, presence=PRESENCE),
            clinic.clock,
        )

    async def issue(
        self,
        number: int | None = None,
        *,
        appointment: str | None = None,
        kind: CodeKind = CodeKind.DIGITS,
        send: bool = False,
        by: Actor = ASEL,
    ) -> IssuedCode:
        ref = None if number is None else f"P-{number}"
        return await self.issuing.issue(CodeOrder(ref, appointment, kind, send), by)

    async def redeem(
        self,
        text: str,
        *chosen: str,
        device: Device = DESK,
        by: Sequence[Actor] = (DINA,),
        national: bool = False,
    ) -> Redeemed:
        return await self.redeeming.redeem(Claim(text, device, national, chosen), by)

    async def expect(self, *numbers: int, **changes: object) -> None:
        """Patients with one appointment each, an hour from now."""
        await self.clinic.import_patients(*(patient(number) for number in numbers))
        await self.clinic.import_bookings(
            *(replace(booking(number), **changes) for number in numbers)  # type: ignore[arg-type]
        )

    async def family(self) -> None:
        """Guardian 1, with an adult's IIN and a phone, and the children 2 and 3."""
        await self.clinic.import_patients(
            replace(
                patient(1),
                id_type="iin",
                id_number="900101300017",
                phone="+77012345678",
                language="kk",
            ),
            *(child(number) for number in (2, 3)),
        )

    async def statuses(self) -> dict[str, str]:
        return {one.appointment_ref: one.status for one in await self.clinic.appointments()}


def child(number: int) -> Patient:
    return replace(patient(number), guardian_refs=("P-1",), birth_date=date(2019, 5, 1))


def other_than(digits: str, steps: int = 1) -> str:
    """Six digits that are not these."""
    return f"{(int(digits) + steps) % 1_000_000:06d}"
