"""The right of reply: a practitioner answers, somebody else accepts, and the row is explained."""

import json
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import Browser, Page, ViewportSize, expect

from config.load import load_settings
from streamer.backend import open_backend
from streamer.bench.reports.made_period import Maker, honest_visits
from streamer.bench.reports.made_settings import made_settings
from streamer.clock import SystemClock
from streamer.crypto.passwords import Passwords
from streamer.domain.account import NewAccount
from streamer.domain.actor import SERVICE
from streamer.domain.consent import Language
from streamer.domain.role import Role
from tests.acceptance.conftest import copied, unused  # noqa: F401  a fixture
from tests.acceptance.kirdi import ZONE, Kirdi
from tests.acceptance.test_reports import watched_week
from tests.browser.console import PASSWORD, Console, add_accounts, screenshot, sign_in
from tests.browser.test_reports import hold_against_axe

PHONE = ViewportSize(width=360, height=740)
REASON, DOCUMENT = "Жедел жәрдем кіреберісінен кірді", "7-хаттама"


# A clinic of its own with a week of visits, and reports of it.
@pytest.mark.long
async def test_a_practitioner_answers_and_the_row_is_explained(
    unused: Kirdi,  # noqa: F811
    browser: Browser,
    tmp_path: Path,
) -> None:
    kirdi = copied(unused, tmp_path)
    monday = await last_week(kirdi)
    with kirdi.service() as service:
        service.wait_until_logged('"service ready"', seconds=90)
        address = json.loads((kirdi.home / "web.json").read_text())["url"]
        console = Console(kirdi, service, address, browser)
        await answered_and_explained(console, monday)
        await one_line_above_every_page(console)


async def answered_and_explained(console: Console, monday: date) -> None:
    """What a head physician, an administrator and a practitioner do about the week."""
    async with (
        console.page(Role.HEAD, Language.RU) as head,
        console.page(None, Language.KK) as doctor,
    ):
        await make_report(head, monday)
        report = head.url
        await delivered(console, head)
        await made_by_itself(head)
        await head.goto(report)
        await on_a_phone(head)
        await doctor.goto("/sign-in")
        await doctor.locator("[name=account]").fill("aigul")
        await doctor.locator("[name=password]").fill(PASSWORD)
        await doctor.locator("form button[type=submit]").click()
        await doctor.wait_for_url(lambda url: "/sign-in" not in url)

        await doctor.goto("/reports/mine")
        visit = doctor.locator("#own article").first
        await visit.locator("summary").click()
        await visit.locator("textarea").fill(REASON)
        await visit.locator("input").fill(DOCUMENT)
        await hold_against_axe(doctor)
        await screenshot(doctor, "replies-own-kk")
        await on_a_phone(doctor)
        await visit.get_by_role("button").click()
        await expect(visit.locator(".settled")).to_be_focused()
        # Others' rows are not theirs to see.
        evidence = await visit.locator("a").get_attribute("href")
        assert evidence is not None
        others = await doctor.goto(evidence.replace("practitioner=D-0", "practitioner=D-1"))
        assert others is not None
        assert others.status in (403, 404)
        whole = evidence.replace("practitioner=D-0", "")

        await head.goto("/reports/mine")
        answer = head.locator("#waiting article").filter(has_text=REASON)
        await expect(answer).to_contain_text(DOCUMENT)
        await hold_against_axe(head)
        await answer.locator("button[value=reject]").click()
        note = answer.locator("textarea")
        assert await note.evaluate("(one) => one.validationMessage") == (
            "Напишите, почему ответ отклонён."
        )
        await note.fill("Протокол видела")
        await answer.locator("button[value=accept]").click()
        await expect(answer.locator(".settled")).to_have_text(
            "Принято: визит считается объяснённым."
        )
        await screenshot(head, "replies-decided-ru")

        row = await head.goto(whole)
        assert row is not None
        await expect(head.locator("dl.facts")).to_contain_text("пояснение принято")
        await head.goto(report.partition("?")[0])
        await expect(head.locator(".report-bar")).to_contain_text("1 2")
        await doctor.goto("/reports/mine")
        await expect(doctor.locator("#answers tbody tr").first).to_contain_text("қабылданды")


async def last_week(kirdi: Kirdi) -> date:
    """Write last week's visits, accounts, and where reports go; returns its Monday."""
    today = datetime.now(ZoneInfo(ZONE)).date()
    monday = today - timedelta(days=today.weekday() + 7)
    maker = Maker(monday, 7, seed=9)
    honest_visits(maker, 240)
    kirdi.extra = made_settings(maker, {"id": "test-1", "name": "Test", "time_zone": ZONE})
    (kirdi.folder / "archive").mkdir()
    folders = [{"id": one, "folder": str(kirdi.folder / one)} for one in ("archive", "gone")]
    weekly = {"id": "weekly", "kind": "week", "cron": "30 6 * * mon", "forms": ["csv"]}
    kirdi.extra |= {
        "destinations": folders,
        "report_schedules": [weekly | {"to": ["archive", "gone"]}],
        "staff": {"practitioners": {"aigul": "D-0"}},
    }
    await watched_week(kirdi, maker)
    await add_accounts(kirdi)
    settings, clock = load_settings(kirdi.write_settings(), {}), SystemClock()
    async with open_backend(settings, kirdi.home, clock) as backend:
        cheap = Passwords(backend.database.web_secrets.pepper, time_cost=1, memory_kib=8)
        every = tuple(role for role in Role if role is not Role.INSURER)
        for name, roles in (("aigul", (Role.PRACTITIONER,)), ("everything", every)):
            account = NewAccount(name, roles, ("D-0",), None, cheap.hash(PASSWORD))
            await backend.accounts.add(account, SERVICE, clock.now())
    return monday


async def one_line_above_every_page(console: Console) -> None:
    """Who may open everything has the menu folded away, on a wide screen as well."""
    async with console.page(None) as page:
        await page.goto("/sign-in")
        await sign_in(page, "everything")
        await page.wait_for_url(lambda url: "/sign-in" not in url)
        await page.goto("/reports")
        bar = await page.locator(".bar").bounding_box()
        assert bar is not None
        assert bar["height"] < 70
        await expect(page.locator("#menu")).to_be_hidden()
        await page.get_by_role("button", name="Menu").click()
        await expect(page.locator("#menu a")).to_have_count(11)
        await expect(page.locator("#menu")).to_be_visible()
        await screenshot(page, "menu-of-everything")


async def delivered(console: Console, head: Page) -> None:
    """The schedule is done now; one folder has the report, and of the other it is said why not."""
    async with console.page(Role.ADMIN) as admin:
        await admin.goto("/health")
        await admin.get_by_role("button", name="Do it now: report-weekly").click()
        await expect(admin.locator(".notice")).to_contain_text("half a minute")
    table = head.locator("#deliveries")
    for _ in range(60):
        await head.reload()
        if (
            await table.get_by_text("отправлен", exact=True).count()
            and await table.get_by_text("В папку нельзя записать").count()
        ):
            break
        await head.wait_for_timeout(1_000)
    await expect(table).to_contain_text("В папку нельзя записать")
    await expect(table.get_by_text("отправлен", exact=True)).to_be_visible()
    await hold_against_axe(head)
    await screenshot(head, "report-delivered-ru")


async def made_by_itself(head: Page) -> None:
    """A schedule is added, known to the service that runs, paused, changed and removed."""
    await head.goto("/reports/schedules")
    table = head.locator("#schedules")
    await expect(table.locator("tbody tr")).to_contain_text("в файле настроек")
    await head.locator("#add").click()
    form = head.locator("#schedule-dialog")
    await form.locator("[name=id]").fill("weekly")
    await form.locator("[name=kind]").select_option("month")
    await form.locator("[name=day]").fill("2")
    await form.locator("[name=time]").fill("07:15")
    await form.locator("[name=to-archive]").check()
    await hold_against_axe(head)
    await screenshot(head, "schedule-form-ru")
    await form.locator("button[type=submit]").click()
    # Refused, and nothing that was given is lost.
    await expect(form.locator("#schedule-error")).to_contain_text("с таким именем")
    await expect(form.locator("[name=day]")).to_have_value("2")
    await form.locator("[name=id]").fill("monthly-head")
    await form.locator("button[type=submit]").click()
    row = table.locator("tbody tr", has_text="monthly-head")
    await expect(row).to_contain_text("2-го числа, 07:15")
    for _ in range(40):
        await head.reload()
        if await row.get_by_text("сделан", exact=True).count():
            break
        await head.wait_for_timeout(1_000)
    await expect(row.get_by_text("сделан", exact=True)).to_be_visible()
    await hold_against_axe(head)
    await screenshot(head, "schedules-ru")
    await row.locator("[data-do=pause]").click()
    await expect(row).to_contain_text("приостановлено")
    await head.wait_for_load_state()
    await row.locator("[data-do=change]").click()
    await expect(form.locator("[name=time]")).to_have_value("07:15")
    await expect(form.locator("[name=to-archive]")).to_be_checked()
    await form.locator("[name=time]").fill("08:00")
    await form.locator("button[type=submit]").click()
    await expect(row).to_contain_text("2-го числа, 08:00")
    await head.wait_for_load_state()
    await row.locator("[data-do=remove]").click()
    await head.locator("#remove-dialog button.danger").click()
    await expect(row).to_have_count(0)


async def make_report(page: Page, monday: date) -> None:
    """By the form, after days that cannot be."""
    await page.goto("/reports")
    form = page.locator("#make")
    first, last = form.locator("input[name=from]"), form.locator("input[name=to]")
    await first.fill((monday + timedelta(days=365)).isoformat())
    await last.fill((monday + timedelta(days=366)).isoformat())
    await form.locator("button").click()
    await expect(page.locator("#make-error")).to_contain_text("Эти дни ещё не наступили")
    await first.fill(monday.isoformat())
    await last.fill((monday + timedelta(days=6)).isoformat())
    await form.locator("button").click()
    await page.wait_for_url("**/reports/*?revision=*")


async def on_a_phone(page: Page) -> None:
    """Nothing is wider than a telephone."""
    size = page.viewport_size
    assert size is not None
    await page.set_viewport_size(PHONE)
    assert await page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    await page.set_viewport_size(size)
