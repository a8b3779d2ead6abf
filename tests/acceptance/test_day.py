"""A day of appointments under a test clock: one check-in for each, however often the clip loops."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from config.load import load_settings
from streamer.app import run_service
from streamer.clock import SystemClock
from tests.acceptance.kirdi import ZONE as SITE_ZONE
from tests.acceptance.kirdi import Kirdi, appointment, write_csv
from tests.acceptance.people import unseen_clips

ZONE = ZoneInfo(SITE_ZONE)
# A second of the test is so many of the day: windows of 150 minutes last 6 s.
PACE = 25 * 60


class FastClock(SystemClock):
    """Wall time runs fast from a given moment on; everything that waits does so in real time."""

    def __init__(self, start: datetime) -> None:
        self._start = start
        self._began = time.monotonic()

    def now(self) -> datetime:
        return self._start + timedelta(seconds=PACE * (time.monotonic() - self._began))


def test_one_check_in_for_each_appointment_of_a_day(
    kirdi: Kirdi, enrol: Callable[[str], None]
) -> None:
    day = (datetime.now(ZONE) + timedelta(days=1)).date()

    def at(hour: int) -> datetime:
        return datetime(day.year, day.month, day.day, hour, tzinfo=ZONE)

    kirdi.import_people(["A"], starts=datetime.now(UTC) - timedelta(days=30))
    enrol("A")
    file = kirdi.folder / "day.csv"
    rows = [appointment(f"at-{hour}", "A", at(hour)) for hour in (8, 11, 14, 17)]
    rows.append(appointment("cancelled", "A", at(12)) | {"status": "cancelled"})
    rows.append(appointment("tomorrow", "A", at(9) + timedelta(days=1)))
    write_csv(file, rows)
    kirdi.ok("appointments", "import", file)
    with kirdi.camera(unseen_clips("A")[0], loop=True) as url:
        kirdi.cameras = [{"id": "lobby-1", "url": url}]
        asyncio.run(watch(kirdi, at(5), until=at(19)))
    check_ins = kirdi.ok("check-ins", "list", "--date", day.isoformat())
    assert [row["appointment_ref"] for row in check_ins] == ["at-8", "at-11", "at-14", "at-17"]
    for row, hour in zip(check_ins, (8, 11, 14, 17), strict=True):
        early = at(hour) - datetime.fromisoformat(row["occurred_at"])
        assert timedelta(minutes=-30) <= early <= timedelta(minutes=120)
    statuses = {
        row["appointment_ref"]: row["status"]
        for row in kirdi.ok("appointments", "list", "--date", day.isoformat())
    }
    assert statuses.pop("cancelled") == "cancelled"
    assert set(statuses.values()) == {"arrived"}


async def watch(kirdi: Kirdi, start: datetime, until: datetime) -> None:
    settings = load_settings(kirdi.write_settings(), {})
    clock, stop = FastClock(start.astimezone(UTC)), asyncio.Event()
    service = asyncio.create_task(run_service(settings, kirdi.home, clock, stop))
    # The models load first; the day begins when the gallery is there, a little after five.
    await asyncio.sleep((until - start).total_seconds() / PACE)
    assert not service.done(), service.exception()
    stop.set()
    await service
