"""Reports made and sent by themselves: once of a period, whole, and again where it matters."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from config.settings import Destination
from streamer.backend import Backend
from streamer.domain.actor import Actor
from streamer.domain.report.delivery import DeliveryState
from streamer.domain.report.parcel import Parcel
from streamer.domain.report.period import Period
from streamer.domain.report.revision import ReportState
from streamer.errors import OutsideError
from streamer.jobs.job_scheduler import JobScheduler
from streamer.reporting.parcels import ReportParcels
from streamer.reporting.runs import ReportRuns
from streamer.reporting.sending import MOST_ATTEMPTS, ReportSending
from streamer.reporting.upkeep import named_period, period_name
from streamer.site_jobs import (
    REVISIONS,
    job_notices,
    job_times,
    report_keeper,
    report_post,
    report_sending,
    report_upkeep,
    site_jobs,
)
from tests.certificates import make_certificate
from tests.fakes.clock import ShiftedClock
from tests.fakes.mail_server import MailServer
from tests.integration.exchange.parcels import serving
from tests.integration.storage.clinic import Clinic
from tests.integration.storage.reported import WEEK, report_settings, reported
from tests.integration.web.clinic_backend import clinic_backend

ALMATY = ZoneInfo("Asia/Almaty")
# Monday, 08:00 in Almaty: the week's report was due at 06:30.
MONDAY = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
WEEKLY = {"id": "weekly", "kind": "week", "cron": "30 6 * * mon", "forms": ["json", "csv"]}
NEVER = asyncio.Event()
NINA = Actor("nina")


def sent_to(folder: Path, **more: Any) -> dict[str, Any]:
    """Settings of a weekly report into a folder."""
    return {
        "destinations": [{"id": "archive", "folder": str(folder)}],
        "report_schedules": [WEEKLY | {"to": ["archive"]} | more],
    }


class Means:
    """Takes every parcel, or refuses them."""

    def __init__(self) -> None:
        self.taken: Counter[tuple[str, int]] = Counter()
        self.refuses = False

    def __call__(self, destination: Destination) -> "Means":
        return self

    async def deliver(self, parcel: Parcel) -> None:
        await asyncio.sleep(0.01)
        if self.refuses:
            raise OutsideError("destination archive: is away")
        self.taken[parcel.name, parcel.number] += 1


def sending(backend: Backend, means: Means) -> ReportSending:
    known = {one.id: one for one in backend.settings.destinations}
    parcels = ReportParcels(backend, ReportRuns(backend))
    return ReportSending(known, backend.report_deliveries, parcels, means, backend.clock)


async def due_again(clinic: Clinic) -> None:
    """The wait after a failure is over."""
    await clinic.execute("UPDATE report_deliveries SET next_try_at = now() WHERE state = 'waiting'")


async def names_in(folder: Path) -> Sequence[str]:
    return await asyncio.to_thread(lambda: sorted(one.name for one in folder.iterdir()))


async def look(scheduler: JobScheduler, name: str) -> None:
    job = next(one for one in scheduler.jobs if one.name == name)
    for ended in await scheduler.look(job, NEVER):
        assert not ended.error


async def test_two_schedulers_with_wrong_clocks_make_and_send_one(
    clinic: Clinic, tmp_path: Path
) -> None:
    folder = tmp_path / "archive"
    folder.mkdir()
    given = sent_to(folder)
    clocks = [ShiftedClock(MONDAY), ShiftedClock(MONDAY)]
    backends = [await reported(clinic, tmp_path, clocks[0], **given)]
    settings = report_settings(**given)
    backends.append(
        clinic_backend(clinic.database, settings, clinic.schedules(), clocks[1], tmp_path)
    )
    schedulers = [site_jobs(one) for one in backends]
    for hours in (0, 5, -3, 1, 20):
        clocks[1].set(MONDAY + timedelta(hours=hours))
        await asyncio.gather(*(look(one, "report-weekly") for one in schedulers))
        await asyncio.gather(*(report_keeper(one).refresh(NEVER) for one in backends))
    entries = await ReportRuns(backends[0]).entries()
    assert [(one.period, one.number) for one in entries] == [(WEEK, 1)]
    runs = await backends[0].job_runs.runs("report-weekly", 10)
    assert [(one.period, one.state) for one in runs] == [("2026-11-16", "done")]
    (delivered,) = await backends[0].report_deliveries.listed()
    assert (delivered.state, delivered.attempts) == (DeliveryState.SENT, 1)
    (name,) = await names_in(folder)
    assert sorted(await names_in(folder / name)) == [f"{name}.csv", f"{name}.json"]


async def test_a_run_that_is_cut_off_leaves_nothing_and_is_gone_on_with(
    clinic: Clinic, tmp_path: Path
) -> None:
    backend = await reported(clinic, tmp_path, ShiftedClock(MONDAY), **sent_to(tmp_path))
    runs, upkeep = ReportRuns(backend), report_upkeep(backend)
    (weekly,) = backend.settings.report_schedules
    due_at = MONDAY - timedelta(hours=1)
    begun = asyncio.Event()

    def half(done: int, of: int) -> None:
        if done == of // 2:
            begun.set()

    making = asyncio.create_task(runs.make(WEEK, NINA, half))
    await begun.wait()
    making.cancel()
    await asyncio.gather(making, return_exceptions=True)
    assert await runs.entries() == []
    # Killed once the report was made, before anybody was to get it.
    await runs.make(WEEK, NINA)
    assert await backend.report_deliveries.listed() == []
    for _ in range(2):
        await upkeep.scheduled(weekly, WEEK, due_at)
    assert len(await runs.entries()) == 1
    assert len(await backend.report_deliveries.listed()) == 1


@pytest.mark.parametrize("every", [False, True])
async def test_late_data_makes_a_revision_that_says_so(
    clinic: Clinic, tmp_path: Path, every: bool
) -> None:
    given = sent_to(tmp_path, every_revision=every)
    clock = ShiftedClock(MONDAY)
    backend = await reported(clinic, tmp_path, clock, **given)
    upkeep, runs, means = report_upkeep(backend), ReportRuns(backend), Means()
    (weekly,) = backend.settings.report_schedules
    await upkeep.scheduled(weekly, WEEK, MONDAY)
    unchanged = await upkeep.remake(MONDAY, NEVER)
    assert (unchanged["changed"], unchanged["deliveries"]) == (0, 0)
    await clinic.execute(
        "UPDATE appointments SET status = 'noshow' WHERE appointment_id IN (SELECT appointment_id "
        "FROM appointments a WHERE status = 'fulfilled' AND NOT EXISTS (SELECT FROM check_ins i "
        "WHERE i.appointment_id = a.appointment_id) LIMIT 3)"
    )
    changed = await upkeep.remake(MONDAY, NEVER)
    assert (changed["changed"], changed["deliveries"]) == (1, int(every))
    newest = await runs.newest_of(WEEK)
    assert newest is not None
    assert newest.entry.number == 2
    assert newest.changes
    # Asked for as often as one likes, each goes once.
    await upkeep.remake(MONDAY, NEVER)
    while await sending(backend, means).send_next():
        pass
    assert [number for _, number in means.taken] == ([1, 2] if every else [1])
    # In the end everybody gets what it came to.
    clock.set(newest.entry.final_on)
    assert await upkeep.finish(NEVER) == 1
    while await sending(backend, means).send_next():
        pass
    assert set(means.taken.values()) == {1}
    assert max(number for _, number in means.taken) == 3
    final = await runs.newest_of(WEEK)
    assert final is not None
    assert final.entry.state is ReportState.FINAL
    assert (await upkeep.remake(MONDAY, NEVER))["reports"] == 0


async def test_several_services_send_each_once(clinic: Clinic, tmp_path: Path) -> None:
    backend = await reported(clinic, tmp_path, ShiftedClock(MONDAY), **sent_to(tmp_path))
    (weekly,) = backend.settings.report_schedules
    runs, post, means = ReportRuns(backend), report_post(backend), Means()
    for place in range(WEEK.days):
        day = WEEK.first + timedelta(days=place)
        made = await runs.make(Period.of(day, day), NINA)
        await post.first(weekly, made.entry)

    async def all_of_them() -> None:
        one = sending(backend, means)
        while await one.send_next():
            pass

    await asyncio.gather(*(all_of_them() for _ in range(4)))
    assert len(means.taken) == WEEK.days
    assert set(means.taken.values()) == {1}


async def test_a_killed_service_is_taken_over_under_the_same_id(
    clinic: Clinic, tmp_path: Path
) -> None:
    backend = await reported(clinic, tmp_path, ShiftedClock(MONDAY), **sent_to(tmp_path))
    (weekly,) = backend.settings.report_schedules
    await report_upkeep(backend).scheduled(weekly, WEEK, MONDAY)
    deliveries, now = backend.report_deliveries, backend.clock.now()
    killed = await deliveries.claim(timedelta(0))
    assert killed is not None
    taken = await deliveries.claim(timedelta(minutes=1))
    assert taken is not None
    assert (taken.delivery_id, taken.attempts) == (killed.delivery_id, 2)
    assert await deliveries.claim(timedelta(minutes=1)) is None
    assert not await deliveries.failed(killed, NINA, now, "late", None)
    assert await deliveries.sent(taken, NINA, now)
    assert await deliveries.claim(timedelta(minutes=1)) is None


async def test_a_mail_server_that_is_away_loses_no_report(clinic: Clinic, tmp_path: Path) -> None:
    cert, key = make_certificate(tmp_path / "tls")
    async with MailServer(serving(cert, key)) as server:
        mail = {
            "host": "127.0.0.1",
            "port": server.port,
            "sender": "kirdi@clinic.example",
            "ca_file": cert,
        }
    given = {
        "destinations": [{"id": "head", "email": "head@clinic.example", "attach": "open"}],
        "report_schedules": [WEEKLY | {"to": ["head"]}],
        "mail": mail,
    }
    backend = await reported(clinic, tmp_path, ShiftedClock(MONDAY), **given)
    (weekly,) = backend.settings.report_schedules
    await report_upkeep(backend).scheduled(weekly, WEEK, MONDAY)
    assert await report_sending(backend).send_next()
    (waiting,) = await backend.report_deliveries.listed()
    assert (waiting.state, waiting.attempts) == (DeliveryState.WAITING, 1)
    assert "cannot be reached" in str(waiting.error)
    # Not at once again.
    assert not await report_sending(backend).send_next()
    assert len(await ReportRuns(backend).entries()) == 1
    async with MailServer(serving(cert, key)) as server:
        await due_again(clinic)
        moved = report_settings(**given | {"mail": mail | {"port": server.port}})
        again = clinic_backend(clinic.database, moved, clinic.schedules(), backend.clock, tmp_path)
        assert await report_sending(again).send_next()
        assert not await report_sending(again).send_next()
    (message,) = server.messages
    assert [one.get_content_type() for one in message.iter_attachments()] == [
        "application/json",
        "text/csv",
    ]
    async with clinic.as_owner() as connection:
        outcomes = await connection.fetch(
            "SELECT body ->> 'outcome' AS outcome FROM audit_events WHERE kind = 'export' "
            "AND body -> 'detail' ->> 'delivery' IS NOT NULL ORDER BY recorded_at"
        )
    assert [row["outcome"] for row in outcomes] == ["4", "0"]


async def test_what_is_given_up_is_told_and_can_be_sent_again(
    clinic: Clinic, tmp_path: Path
) -> None:
    backend = await reported(clinic, tmp_path, ShiftedClock(MONDAY), **sent_to(tmp_path))
    (weekly,) = backend.settings.report_schedules
    await report_upkeep(backend).scheduled(weekly, WEEK, MONDAY)
    means = Means()
    means.refuses = True
    await clinic.execute("UPDATE report_deliveries SET attempts = $1", MOST_ATTEMPTS - 1)
    assert await sending(backend, means).send_next()
    (lost,) = await backend.report_deliveries.listed(DeliveryState.FAILED)
    assert lost.error == "destination archive: is away"
    assert any("given up sending it to archive" in one.text for one in await job_notices(backend))
    assert not await sending(backend, means).send_next()
    assert await backend.report_deliveries.retry(lost.delivery_id, NINA, MONDAY) == 1
    means.refuses = False
    assert await sending(backend, means).send_next()
    assert await backend.report_deliveries.listed(DeliveryState.FAILED) == []
    assert sum(means.taken.values()) == 1


async def test_a_destination_that_the_settings_name_no_more(clinic: Clinic, tmp_path: Path) -> None:
    backend = await reported(clinic, tmp_path, ShiftedClock(MONDAY), **sent_to(tmp_path))
    (weekly,) = backend.settings.report_schedules
    await report_upkeep(backend).scheduled(weekly, WEEK, MONDAY)
    other = clinic_backend(
        clinic.database, report_settings(), clinic.schedules(), backend.clock, tmp_path
    )
    assert await report_sending(other).send_next()
    (waiting,) = await backend.report_deliveries.listed()
    assert "name none of this id" in str(waiting.error)


def test_which_period_is_due() -> None:
    monday = MONDAY.astimezone(ALMATY)
    for kind, name, first, last in (
        ("day", "2026-11-22", "2026-11-22", "2026-11-22"),
        ("week", "2026-11-16", "2026-11-16", "2026-11-22"),
        ("month", "2026-10", "2026-10-01", "2026-10-31"),
    ):
        assert period_name(kind)(monday) == name
        period = named_period(kind, name)
        assert (str(period.first), str(period.last)) == (first, last)


def test_every_schedule_is_a_job_of_its_own(tmp_path: Path) -> None:
    settings = report_settings(**sent_to(tmp_path))
    times = job_times(settings, settings.report_schedules)
    assert times.keys() == {"retention", REVISIONS, "report-weekly"}
