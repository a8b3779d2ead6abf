"""Today: what reception sees and does, and that it follows what others do."""

import re
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

import pypdfium2
import pytest
import pytest_asyncio
from playwright.async_api import Dialog, Locator, Page, expect

from config.load import load_settings
from streamer.backend import Backend, open_backend
from streamer.clock import SystemClock
from streamer.domain.actor import SERVICE, Actor
from streamer.domain.appointment import AppointmentStatus
from streamer.domain.booking import Booking
from streamer.domain.consent import Language
from streamer.domain.patient import Patient
from streamer.domain.role import Role
from tests.browser.console import Console, screenshot, sign_in

EVIL = '<img src=x onerror="document.body.dataset.evil=1">'
TITLES = {Language.KK: "Бүгін", Language.RU: "Сегодня", Language.EN: "Today"}
SHEETS = {Language.KK: "Қағаз парақ", Language.RU: "Бумажный лист", Language.EN: "Downtime sheet"}
FOUND = (
    ("Қарлығаш Өмірбекқызы", ("карлыгаш", "омирбек", "  ҚАРЛЫҒАШ   ӨМІРБЕК ", "карлыгашомирбек")),
    ("Һәкім Үсенұлы", ("хаким усенулы", "һәкім", "ХАКИМ")),
    ("Фёдор Ильин", ("федор", "ИЛЬИН федор", "c-3", "с-3")),
)


@asynccontextmanager
async def backend_of(console: Console) -> AsyncIterator[Backend]:
    """Another process that works with the same database."""
    settings = load_settings(console.kirdi.write_settings(), {})
    async with open_backend(settings, console.kirdi.home, SystemClock()) as backend:
        yield backend


async def book(
    backend: Backend,
    prefix: str,
    names: Sequence[str],
    room: str = "7",
    starts_from: datetime | None = None,
) -> None:
    """Patients PREFIX-1 and so on, each with an appointment that can be arrived at now, or then."""
    now = starts_from or backend.clock.now()
    people = [Patient(f"{prefix}-{n}", name) for n, name in enumerate(names, 1)]
    await backend.patients_import.run(people, now)
    booked = [
        Booking(
            appointment_ref=f"{prefix}-{n}",
            patient_ref=f"{prefix}-{n}",
            practitioner_ref="d-9",
            practitioner_name=f"Dr {EVIL}",
            service_code="B",
            service_name="Visit",
            starts_at=now + timedelta(minutes=5, seconds=n),
            ends_at=now + timedelta(minutes=25),
            status=AppointmentStatus.BOOKED,
            room=room,
        )
        for n in range(1, len(names) + 1)
    ]
    await backend.appointments_import.run(booked, now)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def booked(console: Console) -> Console:
    async with backend_of(console) as backend:
        await book(backend, "T", [EVIL, *(f"Тест {n}" for n in range(2, 12))], EVIL)
        await book(backend, "C", [name for name, _ in FOUND])
    return console


def row(page: Page, ref: str) -> Locator:
    """The line of a patient."""
    exactly = re.compile(f"^{re.escape(ref)}$")
    return page.locator("#rows tr").filter(has=page.locator(".ref", has_text=exactly))


async def find(page: Page, ref: str) -> Locator:
    """Search a patient and return the line."""
    await page.get_by_role("searchbox").fill(ref)
    found = row(page, ref)
    await expect(found).to_have_count(1)
    return found


async def test_the_day_is_searched_as_people_type(booked: Console) -> None:
    async with booked.page(Role.RECEPTION) as page:
        await page.goto("/today")
        for name, questions in FOUND:
            for question in questions:
                await page.get_by_role("searchbox").fill(question)
                await expect(page.locator("#rows tr")).to_have_count(1)
                await expect(page.locator("#rows .name")).to_have_text(name)
        # By what the row shows, its number and its room; by nothing that it does not show.
        number = await page.locator("#rows tr .badge", has_text="No.").first.inner_text()
        for question in (number, number.removeprefix("No. ")):
            await page.get_by_role("searchbox").fill(question)
            await expect(page.locator("#rows tr").first).to_contain_text(number)
        for whole in ("Тест 4", "Тест 10"):
            await page.get_by_role("searchbox").fill(whole)
            await expect(page.locator("#rows tr .name")).to_have_text(whole)
        await page.get_by_role("searchbox").fill("илья d-9")
        await expect(page.locator("#rows tr")).to_have_count(0)
        await page.get_by_role("searchbox").fill("nobody at all")
        await expect(page.locator("#empty")).to_have_text("Nobody is found.")
        # Two words that are folded alike are alike; others are not.
        same = await page.evaluate(
            "import('/static/modules/folding.js').then(({fold}) => "
            "[fold('ҚӘҒҢӨҰҮҺІ'), fold('кагноууХи'), fold(' É  b ')])"
        )
        assert same == ["кагноуухи", "кагноуухи", "е b"]
        await page.get_by_role("searchbox").fill("")
        await page.locator("select[name=room]").select_option("7")
        await page.get_by_role("searchbox").fill("c-")
        await expect(page.locator("#rows tr")).to_have_count(len(FOUND))
        await page.get_by_label("Status").select_option("cancelled")
        await expect(page.locator("#rows tr")).to_have_count(0)


async def test_what_others_do_is_seen_at_once(booked: Console) -> None:
    delays = []
    async with booked.page(Role.RECEPTION) as page, backend_of(booked) as backend:
        await page.goto("/today")
        await find(page, "T-2")
        await page.get_by_role("searchbox").fill("тест")
        for n in (2, 3, 4):
            line = row(page, f"T-{n}")
            await expect(line).to_contain_text("Expected")
            await backend.manual_check_ins.add(f"T-{n}", Actor("somebody"), "by hand")
            recorded = time.monotonic()
            await expect(line).to_contain_text("Arrived")
            await expect(line).to_contain_text("By hand")
            delays.append(time.monotonic() - recorded)
        await backend.undo.undo("T-2", Actor("somebody"), "a mistake", False)
        await expect(row(page, "T-2")).to_contain_text("Expected")
        # A new appointment appears, too.
        await book(backend, "N", ["Жаңа Пациент"])
        await page.get_by_role("searchbox").fill("жана пациент")
        await expect(page.locator("#rows tr")).to_have_count(1)
    # What is asked for is one second; the best of three is not the machine's mood.
    assert min(delays) < 1.0, delays


async def test_what_people_have_typed_stays_text(booked: Console) -> None:
    async with booked.page(Role.RECEPTION) as page:
        await page.goto("/today")
        line = await find(page, "T-1")
        await expect(line.locator(".name")).to_have_text(EVIL)
        await expect(line.locator(".room")).to_have_text(f"Room {EVIL}")
        await line.get_by_role("button", name="Check in").click()
        dialog = page.get_by_role("dialog")
        await expect(dialog.locator(".who")).to_contain_text(EVIL)
        await dialog.get_by_label("Another reason:").last.fill(EVIL)
        await dialog.get_by_role("button", name="Check in").click()
        await expect(line).to_contain_text("Arrived")
        await expect(page.locator("#notices")).to_contain_text(EVIL)
        await page.goto("/today/sheet?by=room")
        await page.goto("/today/downtime")
        assert await page.evaluate("document.querySelectorAll('img').length") == 0
        assert await page.locator("body").get_attribute("data-evil") is None


async def test_reception_checks_in_takes_back_and_issues_codes(booked: Console) -> None:
    async with booked.page(Role.RECEPTION) as page:
        await page.goto("/today")
        line = await find(page, "T-5")
        await line.get_by_role("button", name="Check in").click()
        dialog = page.get_by_role("dialog")
        await dialog.get_by_label("Has no phone with them").check()
        await screenshot(page, "today-check-in-en")
        await dialog.get_by_role("button", name="Check in").click()
        await expect(line).to_contain_text("Arrived")
        await line.get_by_role("button", name="Undo").click()
        await dialog.get_by_label("Why?").fill("the wrong line")
        # It rests on no face: nobody else can have been taken for the patient.
        await expect(dialog.get_by_text("The camera took somebody else")).to_be_hidden()
        await dialog.get_by_role("button", name="Take back").click()
        await expect(line).to_contain_text("Expected")

        await line.get_by_role("button", name="Code").click()
        # There is no gateway here: what can't be done is not offered.
        await expect(dialog).to_contain_text("SMS is not set up at this clinic.")
        await expect(dialog.get_by_label("Six digits on this screen")).to_be_checked()
        await dialog.get_by_role("button", name="Issue the code").click()
        await expect(page.locator("#digits")).to_have_text(re_digits())
        await screenshot(page, "today-code-en")
        # The slip: the code, for whom and until when, and nothing of the page behind it.
        printed = await text_on_paper(page)
        digits = await page.locator("#digits").inner_text()
        assert digits in printed
        assert "Good until" in printed
        assert "Тест 2" not in printed
        assert "Print" not in printed
        await dialog.get_by_role("button", name="Close").click()
        assert await page.locator("#digits").text_content() == ""
        await expect(line).to_contain_text("Code until")
        await line.get_by_role("button", name="Code").click()
        await dialog.get_by_label("On paper, as a QR code").check()
        await dialog.get_by_role("button", name="Issue the code").click()
        await page.emulate_media(media="print")
        await expect(page.locator("svg.qr")).to_be_visible()
        await screenshot(page, "today-slip-en")
        await page.emulate_media(media="screen")
        await page.keyboard.press("Escape")
        await expect(page.locator("svg.qr")).to_have_count(0)


async def text_on_paper(page: Page) -> str:
    """What stands on the one sheet that the page prints."""
    (sheet,) = pypdfium2.PdfDocument(await page.pdf())
    return str(sheet.get_textpage().get_text_range())


async def test_a_session_that_ends_leaves_nothing_on_the_screen(booked: Console) -> None:
    async with booked.page(None) as page:
        await page.goto("/sign-in?return_to=/today/downtime")
        await sign_in(page, "reception")
        await page.wait_for_url(re.compile("^[^?]*/today/downtime$"))
        line = page.locator("#expected tr").filter(has_text="T-10")
        await line.locator("input").fill("00:01")
        assert "Тест" in await page.evaluate(_KEEP_WHAT_IS_LEFT)
        elsewhere = await page.context.new_page()
        await elsewhere.goto("/account")
        await elsewhere.get_by_role("button", name="Sign out").click()
        await elsewhere.wait_for_url("**/sign-in")
        # No question about what is not saved keeps it: it goes, and was empty before.
        await page.wait_for_url("**/sign-in?*")
        await expect(page.get_by_role("button", name="Sign in")).to_be_visible()
        assert await page.evaluate("sessionStorage.getItem('left')") == "Kirdi: "


_KEEP_WHAT_IS_LEFT = """
() => {
  addEventListener("pagehide", () => {
    sessionStorage.setItem("left", `${document.title}: ${document.body.innerText}`);
  });
  return document.body.innerText;
}
"""


async def test_who_signs_out_is_asked_about_what_is_not_saved(booked: Console) -> None:
    async with booked.page(None) as page:
        await page.goto("/sign-in?return_to=/today/downtime")
        await sign_in(page, "reception")
        # Not the page of signing in, whose address ends with it, too.
        await page.wait_for_url(re.compile("^[^?]*/today/downtime$"))
        await page.wait_for_load_state("load")
        field = page.locator("#expected tr").filter(has_text="T-10").locator("input")
        await field.fill("00:01")
        leave = False
        asked = []

        async def answer(dialog: Dialog) -> None:
            asked.append(dialog.type)
            await (dialog.accept() if leave else dialog.dismiss())

        page.on("dialog", answer)
        await page.get_by_role("button", name="Sign out").click()
        await expect(field).to_have_value("00:01")
        assert asked == ["confirm"]
        leave = True
        await page.get_by_role("button", name="Sign out").click()
        await page.wait_for_url("**/sign-in")
        assert asked == ["confirm", "confirm"]


def re_digits() -> re.Pattern[str]:
    return re.compile(r"^\d{3} \d{3}$")


async def test_a_sheet_is_entered_afterwards(booked: Console) -> None:
    async with booked.page(Role.RECEPTION) as page, backend_of(booked) as backend:
        zone = backend.settings.site.zone
        came = (backend.clock.now() - timedelta(minutes=3)).astimezone(zone)
        still = (backend.clock.now() + timedelta(minutes=3)).astimezone(zone)
        await page.goto("/today/downtime")
        for ref, at in (("T-7", came), ("T-8", came), ("T-9", still)):
            line = page.locator("#expected tr").filter(has_text=ref)
            await line.get_by_label("Came at").fill(f"{at:%H:%M}")
        await page.get_by_label("What was down").fill("power")
        await page.get_by_role("button", name="Enter 3 check-ins").click()
        for ref in ("T-7", "T-8"):
            line = page.locator("#expected tr").filter(has_text=ref)
            await expect(line).to_contain_text("Entered")
        await expect(page.locator("#expected tr").filter(has_text="T-9")).to_contain_text(
            "still to come"
        )
        await screenshot(page, "today-downtime-en")
        await page.locator("#expected tr").filter(has_text="T-9").get_by_label("Came at").fill("")
        listed = {
            one.appointment_ref: one
            for one in await backend.listing.check_ins(came.date(), SERVICE)
        }
        assert listed["T-7"].note == "downtime: power"
        assert f"{listed['T-7'].occurred_at.astimezone(zone):%H:%M}" == f"{came:%H:%M}"
        assert "T-9" not in listed


async def test_yesterdays_sheet_and_a_refusal_in_the_readers_language(booked: Console) -> None:
    async with backend_of(booked) as backend:
        yesterday = backend.clock.now() - timedelta(days=1)
        await book(backend, "Y", ["Кеше Келген", "Кеше Келмеген"], starts_from=yesterday)
        zone = backend.settings.site.zone
    async with booked.page(Role.RECEPTION, Language.RU) as page:
        await page.goto("/today/downtime")
        await page.locator(".days a").nth(1).click()
        lines = page.locator("#expected tr")
        in_time, too_early = (lines.filter(has_text=f"Y-{n}") for n in (1, 2))
        await in_time.locator("input").fill(f"{yesterday.astimezone(zone):%H:%M}")
        await too_early.locator("input").fill("00:01")
        await page.locator("#enter").click()
        await expect(in_time.locator(".badge.good")).to_be_visible()
        await expect(too_early.locator(".error")).to_contain_text("Приём в ")
        await screenshot(page, "today-downtime-yesterday-ru")
        await too_early.locator("input").fill("")
        answer = await page.goto("/today/downtime?date=2020-01-01")
        assert answer is not None
        assert answer.status == 404


@pytest.mark.parametrize("language", list(Language))
async def test_it_is_said_in_every_language(booked: Console, language: Language) -> None:
    async with booked.page(Role.RECEPTION, language) as page:
        await page.goto("/today")
        await expect(page.get_by_role("heading", level=1)).to_contain_text(TITLES[language])
        await expect(page.locator("#table")).to_have_attribute("aria-busy", "false")
        await screenshot(page, f"today-{language}")
        await page.goto("/today/sheet")
        await expect(page.get_by_role("heading", level=1)).to_have_text(SHEETS[language])
        await page.emulate_media(media="print")
        await screenshot(page, f"today-sheet-{language}")


async def test_it_is_read_on_a_phone(booked: Console) -> None:
    size = {"width": 360, "height": 740}
    async with booked.page(Role.RECEPTION, Language.RU, viewport=size) as page:
        await page.goto("/today")
        await find(page, "T-10")
        wide = await page.evaluate("document.documentElement.scrollWidth")
        assert wide <= size["width"]
        await screenshot(page, "today-phone-ru")


@pytest.mark.parametrize("role", [Role.HEAD, Role.REVIEWER, Role.PRACTITIONER, Role.INSURER])
async def test_who_may_only_read_has_nothing_to_press(booked: Console, role: Role) -> None:
    async with booked.page(role) as page:
        await page.goto("/today")
        await expect(page.locator("#table")).to_have_attribute("aria-busy", "false")
        await expect(page.locator("#rows [data-action]")).to_have_count(0)
        names = await page.locator("#rows .name").all_text_contents()
        if role is Role.PRACTITIONER:
            # Of d-1, with names.
            assert names
            assert not any(name.startswith("Тест") for name in names)
        else:
            assert "Тест 10" not in names
        answer = await page.goto("/today/sheet")
        assert answer is not None
        assert answer.status == 403
