"""Whatever is sent over the channel, by whomever: it is told, told once, and held in bounds."""

import json
from uuid import UUID

import pytest

from config.settings import Database as Limits
from streamer.domain.change import Change
from streamer.storage.change_feed import LOOK, MOST_PATIENTS, ChangeFeed
from streamer.storage.postgres import Postgres
from tests.fakes.clock import FakeClock

ONE, OTHER = UUID(int=1), UUID(int=2)
MANY = Change(None)
GALLERY = '{"site": "test-1", "what": "gallery"}'


def told(*payloads: object) -> Change | None:
    postgres = Postgres("postgresql://h/d", Limits())
    feed = ChangeFeed(postgres, "test-1", lambda _change: None, FakeClock())
    for payload in payloads:
        feed._take(None, 1, "kirdi_changes", payload)
    return feed._gathered() if feed._heard.is_set() else None


def schedule(*patients: UUID | None, site: str = "test-1") -> str:
    named = None if None in patients else [str(one) for one in patients]
    return json.dumps({"site": site, "what": "schedule", "patients": named})


def test_a_gallery_s_change() -> None:
    assert told(GALLERY, GALLERY) == LOOK


def test_patients_are_gathered() -> None:
    assert told(schedule(ONE), GALLERY, schedule(OTHER, ONE)) == Change(frozenset({ONE, OTHER}))


def test_many_are_anybody() -> None:
    assert told(schedule(ONE), schedule(None), schedule(OTHER)) == MANY
    assert told(*(schedule(UUID(int=n)) for n in range(MOST_PATIENTS + 1))) == MANY


def test_other_sites_are_nobody_s_business() -> None:
    assert told(schedule(ONE, site="other"), '{"site": "other", "what": "gallery"}') is None


@pytest.mark.parametrize(
    "payload",
    [
        "",
        "{",
        "[]",
        "null",
        "[" * 5000,
        "x" * 9000,
        None,
        '{"site": "test-1", "what": "schedule", "patients": ["no uuid"]}',
        '{"site": "test-1", "what": "schedule", "patients": [7, null]}',
        '{"site": "test-1", "what": "schedule", "patients": "all"}',
        '{"site": "test-1", "what": ["?"]}',
    ],
)
def test_what_cannot_be_read_is_looked_at(payload: object) -> None:
    assert told(payload) == LOOK


async def test_what_was_told_is_not_told_again() -> None:
    postgres = Postgres("postgresql://h/d", Limits())
    feed = ChangeFeed(postgres, "test-1", lambda _change: None, FakeClock())
    feed._take(None, 1, "kirdi_changes", schedule(None))
    assert feed._gathered() == MANY
    feed._take(None, 1, "kirdi_changes", schedule(ONE))
    assert feed._gathered() == Change(frozenset({ONE}))
