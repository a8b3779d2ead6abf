"""Years of a clinic's data, drawn at random: rows of every kind that has a term, old and new."""

import random
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from streamer.domain.patient import Patient
from streamer.storage.profile import place_of_profile, profile_bytes
from tests.integration.storage.clinic import NOW, SITE, Clinic

DAY = timedelta(days=1)
# By term, as in the settings; short enough that a decade has much of both.
DAYS = {
    "codes": 700,
    "attempts": 90,
    "presences": 1500,
    "reviews": 900,
    "check_ins": 1826,
    "claims": 1100,
    "confirmations": 950,
    "appointments": 1200,
    "consents": 1000,
    "patients": 800,
    "receipts": 600,
    "reports": 450,
    "match_counts": 500,
    "camera_uptime": 400,
    "tokens": 300,
    "audit": 1826,
}


class Decade:
    """Draws and writes."""

    def __init__(self, clinic: Clinic, seed: int, now: datetime = NOW) -> None:
        self.clinic = clinic
        self.draw = random.Random(seed)
        self.now = now
        self._owner: Any = None

    async def _execute(self, statement: str, *values: object) -> None:
        if self._owner is None:
            await self.clinic.execute(statement, *values)
        else:
            await self._owner.execute(statement, *values)

    def when(self, most_days: int = 3650) -> datetime:
        return self.now - self.draw.random() * most_days * DAY

    async def fill(self, patients: int = 12) -> None:
        """Write all of it, on one connection: there are hundreds of rows."""
        async with self.clinic.as_owner() as self._owner:
            await self._fill(patients)
        self._owner = None

    async def _fill(self, patients: int) -> None:
        await self._execute(
            "INSERT INTO practitioners (practitioner_id, site_id, practitioner_ref, full_name) "
            "SELECT gen_random_uuid(), $1, 'D-' || n, 'Dr ' || n FROM generate_series(1, 4) AS n",
            SITE.id,
        )
        people = [await self.patient(number) for number in range(patients)]
        for _ in range(patients // 3):
            child, guardian = self.draw.sample(people, 2)
            await self._execute(
                "INSERT INTO guardians VALUES ($1, $2) ON CONFLICT DO NOTHING", child, guardian
            )
        for person in people:
            await self.consents(person, people)
            for _ in range(self.draw.randrange(5)):
                await self.appointment(person)
            await self.loose(person)
        await self.site()

    async def patient(self, number: int) -> UUID:
        base, made = self.clinic.database, uuid4()
        changed = self.when()
        key = base.vault.new_data_key(made)
        profile = profile_bytes(Patient(f"P-{number}", f"Full Name {number}"))
        gone = self.draw.choice(("dead", "left", "attached", "unknown", "unknown"))
        await self._execute(
            "INSERT INTO patients (patient_id, site_id, patient_ref, wrapped_key, sealed_profile, "
            "is_staff, created_at, updated_at, deceased_on, attached_from, attached_to) "
            "VALUES ($1, $2, $3, $4, $5, false, $6, $6, $7, $8, $9)",
            made,
            SITE.id,
            f"P-{number}",
            key,
            base.vault.seal(key, place_of_profile(made), profile),
            changed,
            self.when().date() if gone == "dead" else None,
            (changed - DAY * 400).date() if gone in ("left", "attached") else None,
            changed.date() if gone == "left" else None,
        )
        return made

    async def consents(self, person: UUID, people: list[UUID]) -> None:
        for place in range(self.draw.randrange(3)):
            given = self.when()
            ended = min(self.now, given + self.draw.random() * 700 * DAY)
            active = place == 0 and self.draw.random() < 0.3
            consent = uuid4()
            others = [one for one in people if one != person]
            await self._execute(
                "INSERT INTO consents (consent_id, patient_id, purpose, status, document_ref, "
                "given_at, expires_at, ended_at, ended_by, ended_reason, guardian_id) "
                "VALUES ($1, $2, $3, $4, 'C', $5, $6, $7, $8, $9, $10)",
                consent,
                person,
                "check-in" if place == 0 else "payer-evidence",
                "active" if active else "inactive",
                given,
                self.now + self.draw.choice((-1, 300)) * DAY if active else given + 800 * DAY,
                None if active else ended,
                None if active else "kirdi",
                None if active else "expired",
                self.draw.choice(others) if self.draw.random() < 0.2 else None,
            )
            if place == 0 and self.draw.random() < 0.4:
                await self._execute(
                    "INSERT INTO templates VALUES ($1, $2, $3, 'open', '\\x00', 2, $4)",
                    uuid4(),
                    person,
                    consent,
                    given,
                )

    async def appointment(self, person: UUID) -> None:
        made, starts = uuid4(), self.when()
        await self._execute(
            "INSERT INTO appointments (appointment_id, site_id, appointment_ref, patient_id, "
            "practitioner_id, service_code, service_name, starts_at, ends_at, status, "
            "status_changed_at, place, walk_in) SELECT $1, $2, $3, $4, practitioner_id, 'S', 's', "
            "$5, $6, 'arrived', $5, 'site', false FROM practitioners WHERE practitioner_ref = $7",
            made,
            SITE.id,
            f"A-{made}",
            person,
            starts,
            starts + timedelta(minutes=20),
            f"D-{self.draw.randrange(1, 4)}",
        )
        if self.draw.random() < 0.6:
            # Mostly of its day; a late booking or a clock may put it elsewhere.
            at = starts if self.draw.random() < 0.8 else self.when()
            event = uuid4()
            await self._execute(
                "INSERT INTO check_ins (event_id, site_id, appointment_id, patient_id, consent_id, "
                "method, evidence, occurred_at) SELECT $1, $2, $3, $4, (SELECT consent_id FROM "
                "consents WHERE patient_id = $4 ORDER BY random() LIMIT 1), 'face', 'face', $5",
                event,
                SITE.id,
                made,
                person,
                at,
            )
            await self._execute(
                "INSERT INTO status_changes (site_id, appointment_id, event_id, from_status, "
                "to_status, occurred_at, changed_by) "
                "VALUES ($1, $2, $3, 'booked', 'arrived', $4, 'kirdi')",
                SITE.id,
                made,
                event,
                at,
            )
        if self.draw.random() < 0.4:
            await self.billed(person, self.draw.choice((f"A-{made}", None)))
        for _ in range(self.draw.randrange(2)):
            await self.presence(person, made)
            await self.code(person, made)

    async def presence(self, person: UUID, appointment: UUID | None) -> None:
        await self._execute(
            "INSERT INTO presences (presence_id, site_id, patient_id, appointment_id, flag, "
            "method, evidence, occurred_at) VALUES ($1, $2, $3, $4, 'early', $5, $5, $6)",
            uuid4(),
            SITE.id,
            person,
            appointment,
            self.draw.choice(("face", "code")),
            self.when(),
        )

    async def code(self, person: UUID, appointment: UUID | None) -> None:
        issued = self.when()
        await self._execute(
            "INSERT INTO codes (code_id, site_id, patient_id, appointment_id, kind, grade, "
            "issued_at, issued_by, expires_at) "
            "VALUES ($1, $2, $3, $4, 'digits', 'code', $5, 'kirdi', $6)",
            uuid4(),
            SITE.id,
            person,
            appointment,
            issued,
            issued + DAY,
        )

    async def billed(self, person: UUID, appointment_ref: str | None) -> None:
        """A billed service, and a confirmation of the ministry's system."""
        at = self.when()
        await self.clinic.execute(
            "INSERT INTO claims (claim_id, site_id, claim_ref, appointment_ref, patient_id, "
            "practitioner_id, service_code, service_name, performed_at, amount, currency, "
            "time_precision, quantity) SELECT $1, $2, $3, $4, $5, practitioner_id, 'S', 's', $6, "
            "1500, 'KZT', 'entered', 1 FROM practitioners LIMIT 1",
            uuid4(),
            SITE.id,
            f"C-{uuid4()}",
            appointment_ref,
            person,
            at,
        )
        await self.clinic.execute(
            "INSERT INTO confirmations (confirmation_id, site_id, confirmation_ref, patient_id, "
            "method, confirmed_at, appointment_ref) VALUES ($1, $2, $3, $4, 'face_id', $5, $6)",
            uuid4(),
            SITE.id,
            f"F-{uuid4()}",
            person,
            self.when(),
            appointment_ref,
        )

    async def loose(self, person: UUID) -> None:
        await self.presence(person, None)
        if self.draw.random() < 0.3:
            await self._execute(
                "INSERT INTO face_blocks VALUES ($1, $2, $3, 0.5, $4, 'kirdi')",
                person,
                self.when().date(),
                SITE.id,
                self.when(),
            )
        if self.draw.random() < 0.5:
            await self._execute(
                "INSERT INTO reviews (review_id, patient_id, site_id, lead, appointment_ids, "
                "camera_id, reason, band, score, threshold, pack_id, decision, decided_by, "
                "captured_at, decided_at) VALUES ($1, $2, $3, true, '{}', 'c', 'r', 'review', 1, "
                "1, 'open', 'rejected', 'kirdi', $4, $4)",
                uuid4(),
                person,
                SITE.id,
                self.when(),
            )
        if self.draw.random() < 0.5:
            erased = self.when()
            clean = erased + DAY if self.draw.random() < 0.7 else None
            await self._execute(
                "INSERT INTO erasures (erasure_id, site_id, patient_id, reason, erased_by, "
                "erased_at, templates, renewed_key, files_clean_at, log_clean_at, "
                "backups_clean_by) VALUES ($1, $2, $3, 'withdrawn', 'kirdi', $4, 1, false, $5, "
                "$5, $6)",
                uuid4(),
                SITE.id,
                person,
                erased,
                clean,
                erased + 30 * DAY,
            )
        await self._execute(
            "INSERT INTO attempts VALUES ($1, 'patient', $2, 1, $3, 1, $4, $4)",
            SITE.id,
            str(person),
            NOW.date(),
            self.when(200),
        )

    async def tokens(self) -> None:
        account = uuid4()
        await self.clinic.execute(
            "INSERT INTO accounts (account_id, site_id, name, roles, created_at, created_by) "
            "VALUES ($1, $2, 'bridge', '{reception}', $3, 'root')",
            account,
            SITE.id,
            NOW - 4000 * DAY,
        )
        for number in range(8):
            made = self.when()
            await self.clinic.execute(
                "INSERT INTO api_tokens (token_id, token_hash, site_id, account_id, name, scopes, "
                "created_at, created_by, expires_at, revoked_at) "
                "VALUES ($1, $2, $3, $4, 'lab', '{codes:read}', $5, 'root', $6, $7)",
                uuid4(),
                number.to_bytes(32, "big"),
                SITE.id,
                account,
                made,
                made + 366 * DAY,
                made + DAY if number % 2 else None,
            )

    async def site(self) -> None:
        await self.tokens()
        for _ in range(12):
            at = self.when()
            await self._execute(
                "INSERT INTO match_counts VALUES ($1, $2, 'c', 'open', 1, 1, 1, 1, 1) "
                "ON CONFLICT DO NOTHING",
                SITE.id,
                at.date(),
            )
            await self._execute(
                "INSERT INTO reports VALUES (gen_random_uuid(), $1, 'range', $2, $2, $3)"
                " ON CONFLICT DO NOTHING",
                SITE.id,
                at.date(),
                at,
            )
            await self._execute(
                "INSERT INTO camera_uptime VALUES ($1, 'c', 'streaming', '', $2, $3, $3)",
                SITE.id,
                at,
                min(self.now, at + DAY),
            )
            await self._execute(
                "INSERT INTO template_reads (site_id, read_at, purpose, patient_id, pack_id, "
                "templates, alike) VALUES ($1, $2, 'enrolment', $3, 'open', 1, '{}')",
                SITE.id,
                at,
                uuid4(),
            )
            await self._execute(
                "INSERT INTO job_runs (site_id, job, period, due_at, state, attempts, started_at) "
                "VALUES ($1, 'x', $2, $3, 'done', 1, $3)",
                SITE.id,
                str(uuid4()),
                at,
            )
        await self._execute(
            "INSERT INTO camera_uptime VALUES ($1, 'c', 'streaming', '', $2, $2, NULL)",
            SITE.id,
            self.now - 3000 * DAY,
        )
