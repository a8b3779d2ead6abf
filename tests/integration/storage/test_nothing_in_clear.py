"""Searches everything the database holds for what must only ever be there sealed."""

import base64
from datetime import date
from uuid import UUID

import pytest

from streamer.domain.actor import Actor
from streamer.domain.patient import Patient
from streamer.domain.report.reply import ReplyState
from streamer.domain.report.row import ReportRow, RowKind
from streamer.domain.verdict import VerdictKind
from streamer.storage.replies import PostgresReplies
from tests.integration.storage.clinic import NOW, SITE, ZONE, Clinic, booking, vector

NAME, NUMBER, PHONE = "Ахметова Айгүл", "880101400126", "+77012345678"
SECRET_PATIENT = Patient(
    patient_ref="P-1",
    full_name=NAME,
    id_type="iin",
    id_number=NUMBER,
    sex="female",
    birth_date=date(1988, 1, 1),
    language="kk",
    phone=PHONE,
)


def _forms(plain: bytes) -> list[bytes]:
    """How bytes may stand in a dump: as they are, hexadecimal, base64 at any offset."""
    encoded = [base64.b64encode(b"\0" * pad + plain)[4:-4] for pad in range(3)]
    return [plain, plain.hex().encode(), *encoded]


NEEDLES = {
    "name": _forms(NAME.encode()),
    "surname": _forms(NAME.split()[0].encode()),
    "number": _forms(NUMBER.encode()),
    "phone": _forms(PHONE.encode()),
    "birth date": _forms(b"1988-01-01"),
    "vector": _forms(vector(1).tobytes()[16:64]),
}


async def _found(clinic: Clinic) -> set[str]:
    """What of NEEDLES any row of any table shows, as text or inside its bytes."""
    haystack = b""
    async with clinic.as_owner() as connection:
        tables = await connection.fetch(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        )
        for table in tables:
            for row in await connection.fetch(f'SELECT t.* FROM "{table["tablename"]}" t'):
                for value in row.values():
                    haystack += value if isinstance(value, bytes) else str(value).encode()
                    haystack += b"\n"
            texts = await connection.fetch(f'SELECT t::text FROM "{table["tablename"]}" t')
            haystack += b"\n".join(row[0].encode() for row in texts)
    return {name for name, forms in NEEDLES.items() if any(form in haystack for form in forms)}


async def test_no_name_number_or_vector_is_in_clear(clinic: Clinic) -> None:
    await clinic.import_patients(SECRET_PATIENT)
    await clinic.import_bookings(booking(1))
    await clinic.enrol(1)
    await clinic.check_ins().record(await clinic.proposal(1))
    assert await clinic.count("check_ins") == 1
    await _answered(clinic)
    assert await _found(clinic) == set()


async def _answered(clinic: Clinic) -> None:
    """A practitioner's answer to a report, and a note to it, say who it was."""
    base = clinic.database
    replies = PostgresReplies(base.postgres, base.vault, SITE.id, ZONE)
    row = ReportRow(
        RowKind.APPOINTMENT,
        *("A-1", "P-1", "D-1", None, "S1", "Consultation", NOW, "fulfilled"),
        VerdictKind.UNVERIFIED,
    )
    words = (f"{NAME} came late", f"protocol of {NUMBER}")
    reply = await replies.add(UUID(int=1), row, words, Actor("aigul"), NOW)
    said = (ReplyState.ACCEPTED, f"called {PHONE}", Actor("botagoz"), NOW)
    await replies.decide(reply.reply_id, *said)
    assert (await replies.find(reply.reply_id))[1].note == f"called {PHONE}"


@pytest.mark.parametrize(
    ("planted", "name"),
    [
        (NAME.encode(), "name"),
        (b"\0" * 5 + NUMBER.encode(), "number"),
        (vector(1).tobytes(), "vector"),
        (base64.b64encode(b"x" + vector(1).tobytes()), "vector"),
        (PHONE.encode().hex().encode(), "phone"),
    ],
)
async def test_the_search_finds_what_is_planted(clinic: Clinic, planted: bytes, name: str) -> None:
    await clinic.expect(1)
    await clinic.execute(
        "UPDATE templates SET sealed_vector = $1, created_at = $2",
        planted,
        NOW,
    )
    assert name in await _found(clinic)
