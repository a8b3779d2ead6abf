"""The gallery follows the database, and never outlives the check of consent for long."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

import numpy as np
import pytest

from streamer.domain.template import GalleryKey, Template
from streamer.errors import DatabaseError
from streamer.gallery_keeper import MAX_AGE_S, GalleryKeeper
from streamer.tracking.voting import Search
from tests.fakes.clock import FakeClock
from tests.fakes.matcher import FakeGallery


class Source:
    def __init__(self) -> None:
        self.open: set[tuple[int, int]] = set()
        self.decrypted: list[UUID] = []
        self.away = False

    async def keys(self, now: datetime) -> frozenset[GalleryKey]:
        if self.away:
            raise DatabaseError("database: away")
        return frozenset(GalleryKey(UUID(int=one), UUID(int=two)) for one, two in self.open)

    async def templates(self, ids: frozenset[UUID], now: datetime) -> Sequence[Template]:
        self.decrypted.extend(sorted(ids))
        return [Template(one, one, "fake-1", np.zeros(4, dtype=np.float32)) for one in ids]


class Built(FakeGallery):
    def __init__(self, people: frozenset[UUID]) -> None:
        super().__init__({str(one): 0 for one in people})
        self.people = people


def build(before: Search | None, left: Collection[UUID], entered: Sequence[Template]) -> Search:
    stay = before.people - frozenset(left) if isinstance(before, Built) else frozenset()
    new = [one.patient_id for one in entered]
    assert stay.isdisjoint(new)
    return Built(stay | frozenset(new))


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def keeper(source: Source, clock: FakeClock) -> GalleryKeeper:
    return GalleryKeeper(source, build, clock, refresh_s=1.0)


async def test_only_new_templates_are_decrypted(keeper: GalleryKeeper, source: Source) -> None:
    source.open = {(1, 10)}
    await keeper.refresh()
    source.open = {(1, 10), (2, 20)}
    await keeper.refresh()
    await keeper.refresh()
    assert source.decrypted == [UUID(int=1), UUID(int=2)]
    assert (keeper.current.version, keeper.current.size) == (2, 2)


async def test_a_second_appointment_is_a_new_version_without_decryption(
    keeper: GalleryKeeper, source: Source
) -> None:
    source.open = {(1, 10)}
    await keeper.refresh()
    search = keeper.current.search
    source.open = {(1, 10), (1, 11)}
    await keeper.refresh()
    assert keeper.current.version == 2
    assert keeper.current.search is search
    assert source.decrypted == [UUID(int=1)]


async def test_who_withdraws_is_out(keeper: GalleryKeeper, source: Source) -> None:
    source.open = {(1, 10)}
    await keeper.refresh()
    source.open = set()
    await keeper.refresh()
    assert (keeper.current.size, keeper.current.search) == (0, None)


async def test_without_the_database_the_gallery_ends(
    keeper: GalleryKeeper, source: Source, clock: FakeClock
) -> None:
    source.open = {(1, 10)}
    await keeper.refresh()
    source.away = True
    with pytest.raises(DatabaseError):
        await keeper.refresh()
    assert keeper.current.size == 1
    clock.advance(MAX_AGE_S + 1)
    keeper.expire()
    assert keeper.current.size == 0
    source.away = False
    await keeper.refresh()
    assert keeper.current.size == 1
