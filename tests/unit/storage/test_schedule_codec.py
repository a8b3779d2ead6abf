import json
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.domain.appointment import Appointment, AppointmentStatus, Place
from streamer.storage.schedule_codec import decode, encode

PATIENT = UUID(int=7)
START = datetime(2026, 11, 23, tzinfo=UTC)
END = START + timedelta(days=1)
ONE = Appointment(
    UUID(int=1),
    PATIENT,
    START + timedelta(hours=4),
    START + timedelta(hours=5),
    AppointmentStatus.CHECKED_IN,
    Place.SITE,
    None,
)


def test_back_and_forth() -> None:
    assert decode(PATIENT, encode([ONE]), START, END) == (ONE,)
    assert decode(PATIENT, encode([]), START, END) == ()


def _with(position: int, value: object) -> bytes:
    entries = json.loads(encode([ONE]))
    entries[0][position] = value
    return json.dumps(entries).encode()


@pytest.mark.parametrize(
    "garbage",
    [
        b"",
        b"null",
        b"{}",
        b"[{}]",
        b"[[]]",
        b"\x80\x04\x95",
        b"\xff\xff",
        b"[" * 100_000,
        b'"text"',
        _with(0, "not an id"),
        _with(0, 5),
        _with(1, "tomorrow"),
        _with(1, 12),
        _with(1, "2026-11-23T04:00:00"),
        _with(1, (END).isoformat()),
        _with(3, "here"),
        _with(4, None),
        _with(5, 3),
    ],
)
def test_anything_else_is_a_miss(garbage: bytes) -> None:
    assert decode(PATIENT, garbage, START, END) is None


@given(st.binary(max_size=200))
def test_no_bytes_raise(garbage: bytes) -> None:
    decode(PATIENT, garbage, START, END)
