"""Whether matches may arrive, and by which thresholds, follows the site's newest calibration."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from streamer.calibration_keeper import CalibrationKeeper
from streamer.domain.site_calibration import SiteCalibration
from streamer.errors import DatabaseError
from streamer.tracking.fixed_thresholds import FixedThresholds
from tests.fakes.clock import FakeClock

MADE = SiteCalibration(
    "open-1", datetime(2026, 11, 23, tzinfo=UTC), "aigul", "f-1", 0.001, 120, 7140, 300, 0, "{}"
)


class Store:
    def __init__(self, found: SiteCalibration | None = None) -> None:
        self.found = found
        self.away = False

    async def newest(self) -> SiteCalibration | None:
        if self.away:
            raise DatabaseError("database: away")
        return self.found


def keeper(store: Store, site: float, accept_fpir: float = 0.001) -> CalibrationKeeper:
    pack = FixedThresholds(max_distance=0.33, min_margin=0.05)
    fitted = FixedThresholds(max_distance=site, min_margin=0.05)
    return CalibrationKeeper(store, pack, lambda _: fitted, accept_fpir, "f-1", FakeClock())


@pytest.mark.parametrize(
    ("found", "accept_fpir", "calibrated"),
    [
        (None, 0.001, False),
        (MADE, 0.001, True),
        (MADE, 0.0001, True),
        (MADE, 0.002, False),
        (replace(MADE, accept_fpir=0.002), 0.002, True),
        (replace(MADE, figures="f-2"), 0.001, False),
    ],
    ids=[
        "never",
        "as set",
        "stricter now",
        "looser now",
        "made for the looser one",
        "other scores",
    ],
)
async def test_a_calibration_covers_what_it_was_made_for(
    found: SiteCalibration | None, accept_fpir: float, calibrated: bool
) -> None:
    kept = keeper(Store(found), 0.33, accept_fpir)
    assert not kept.calibrated
    await kept.refresh()
    assert kept.calibrated is calibrated


@pytest.mark.parametrize(("site", "accept"), [(0.30, -0.30), (0.40, -0.33)])
async def test_the_stricter_threshold_holds(site: float, accept: float) -> None:
    kept = keeper(Store(MADE), site)
    assert kept.accept(100) == -0.33
    await kept.refresh()
    assert kept.accept(100) == accept
    assert kept.review(100) == pytest.approx(accept - 0.05)


async def test_a_database_that_is_away_changes_nothing() -> None:
    store = Store(MADE)
    kept = keeper(store, 0.30)
    await kept.refresh()
    store.away = True
    stop = asyncio.Event()
    running = asyncio.create_task(kept.run(stop))
    for _ in range(10):
        await asyncio.sleep(0)
    assert not running.done()
    stop.set()
    await asyncio.wait_for(running, 5)
    assert kept.accept(100) == -0.30


async def test_a_calibration_takes_effect_while_the_service_runs() -> None:
    store, stop = Store(), asyncio.Event()
    kept = keeper(store, 0.30)
    running = asyncio.create_task(kept.run(stop))
    store.found = MADE
    for _ in range(10):
        await asyncio.sleep(0)
    stop.set()
    await asyncio.wait_for(running, 5)
    assert kept.calibrated
