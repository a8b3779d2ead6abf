"""The kiosk and the ticket board: paired on the page Devices, by code, by QR, in every language."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from playwright.async_api import Browser, Locator, Page, Route, ViewportSize, expect

from config.load import load_settings
from streamer.backend import open_backend
from streamer.checkin.codes.qr_picture import qr_png
from streamer.clock import SystemClock
from streamer.code_counters import issuing
from streamer.domain.actor import Actor
from streamer.domain.appointment import AppointmentStatus
from streamer.domain.booking import Booking
from streamer.domain.code import CodeKind, CodeOrder
from streamer.domain.consent import Language
from streamer.domain.patient import Patient
from streamer.domain.role import Role
from tests.browser.console import Console, film, launched, screenshot, with_camera

TABLET = ViewportSize(width=1280, height=800)
UPRIGHT = ViewportSize(width=800, height=1280)
FIRST, LAST = 21, 26
# Of the tablet's time: after so long an answer, and a language on the first screen, go away by
# themselves; a picture is looked at, help asked after, and the service, once within so long.
ANSWER_MS, START_MS = 12_500, 20_500
LOOK_MS, POLL_MS, WATCH_MS = 400, 3_500, 13_000
MOST_STEPS, STEP_TIMEOUT_MS = 20, 3_000


async def test_a_tablet_is_paired_and_patients_check_in_by_code_and_qr(
    console: Console, tmp_path: Path
) -> None:
    codes = await booked(console)
    code = await paired_code(console, "kiosk-7", "Kiosk")
    pictures = film([held_up(codes.qr)], tmp_path / "qr.mjpeg")
    async with (
        launched(*with_camera(pictures)) as browser,
        tablet(console, browser, code) as page,
    ):
        await screenshot(page, "kiosk-start-en")
        await every_control_is_large_and_low(page)
        await type_digits(page, codes.digits)
        await expect(page.locator("#title")).to_have_text("Welcome! You are checked in.")
        await expect(page.locator("#lines")).to_contain_text("Room 21")
        await expect(page.locator("#lines")).to_contain_text("Your number:")
        await screenshot(page, "kiosk-arrived-en")
        assert await spoken(page) == ["Welcome! You are checked in."]
        # Nothing of the patient is left for the next one.
        await page.clock.run_for(ANSWER_MS)
        await expect(page.locator("#title")).to_have_text("Welcome")
        await expect(page.locator("#lines")).not_to_contain_text("Room")
        await page.get_by_role("button", name="Voice on").click()
        await page.get_by_role("button", name="Show QR code").click()
        await in_time(page, page.locator("#lines", has_text="Room 22"), LOOK_MS)
        assert len(await spoken(page)) == 1
        await screenshot(page, "kiosk-by-qr")
        await page.get_by_role("button", name="Done").click()
        # It is used: the same picture again says so, kindly.
        await type_digits(page, "000000")
        await expect(page.locator("#title")).to_have_text("This code does not work.")
        await screenshot(page, "kiosk-refused-en")
        await page.get_by_role("button", name="Try again").click()
        await type_digits(page, codes.guardian)
        await expect(page.locator("#title")).to_have_text("Who is here?")
        await screenshot(page, "kiosk-choose-en")
        await page.get_by_role("button", name=re.compile("Room 24")).click()
        await page.get_by_role("button", name="Check in", exact=True).click()
        await expect(page.locator("#lines")).to_contain_text("Room 24")
        await page.get_by_role("button", name="Done").click()
        await it_says_when_the_service_is_away(page)
        await it_says_what_to_do_while_the_national_service_is_away(page)
        await a_colleague_is_called(console, page)
        await somebody_was_not_here(console, page, codes.checked_in)
        await the_board_calls_numbers(console)
        await revoked(console, page)


async def test_the_kiosk_in_every_language_and_upright(console: Console) -> None:
    code = await paired_code(console, "kiosk-8", "Kiosk")
    async with tablet(console, console.browser, code) as page:
        await a_late_answer_is_for_nobody(page)
        for language, name in (("kk", "Қазақша"), ("ru", "Русский")):
            await speak_in(page, name, language)
            # Whoever has walked away leaves the language to nobody.
            await page.clock.run_for(START_MS)
            await expect(page.locator("html[lang=en]")).to_be_visible()
            await speak_in(page, name, language)
            await screenshot(page, f"kiosk-start-{language}")
            for state in ("arrived", "early", "other-building", "wait"):
                with answering(page, state) as faked:
                    await faked.begin()
                    await type_digits(page, "123456")
                    await expect(page.locator("body[data-shows=answer]")).to_be_visible()
                    await screenshot(page, f"kiosk-{state}-{language}")
                    await page.set_viewport_size(UPRIGHT)
                    if state == "arrived":
                        await screenshot(page, f"kiosk-upright-{language}")
                    await page.set_viewport_size(TABLET)
                    await faked.end()
                # The next one begins in the language of the house.
                await page.locator("[data-reset]:visible").first.click()
                await expect(page.locator("html[lang=en]")).to_be_visible()
                await speak_in(page, name, language)
        for language in Language:
            async with console.page(Role.RECEPTION, language) as desk:
                await desk.goto("/devices")
                await expect(desk.get_by_role("row", name=re.compile("kiosk-8"))).to_be_visible()
                await screenshot(desk, f"devices-{language}")
    async with console.page(None, Language.KK, viewport=UPRIGHT) as page:
        await page.goto("/kiosk")
        await expect(page).to_have_url(re.compile("/kiosk/pair$"))
        await screenshot(page, "kiosk-pair-kk")


@dataclass(frozen=True)
class Codes:
    """What the patients come with.

    Attributes:
        digits: Of P-21, who comes by themselves.
        qr: Of P-22, likewise.
        guardian: Digits of P-23, for the children P-24 and P-25.
        checked_in: Digits of P-26, who was checked in by mistake.
    """

    digits: str
    qr: str
    guardian: str
    checked_in: str


async def booked(console: Console) -> Codes:
    """Patients, their appointments and codes; in rooms that are called as they are."""
    settings, clock = load_settings(console.kirdi.write_settings(), {}), SystemClock()
    now, people = clock.now(), range(FIRST, FIRST + 6)
    guardian, children = f"P-{FIRST + 2}", (FIRST + 3, FIRST + 4)
    async with open_backend(settings, console.kirdi.home, clock) as backend:
        patients = [
            Patient(
                f"P-{n}",
                f"Name{n} Family",
                birth_date=date(2019, 5, 1) if n in children else None,
                guardian_refs=(guardian,) if n in children else (),
            )
            for n in people
        ]
        await backend.patients_import.run(patients, now)
        visits = [
            Booking(
                appointment_ref=f"A-{n}",
                patient_ref=f"P-{n}",
                practitioner_ref="d-3",
                practitioner_name="Dr. Test",
                service_code="S1",
                service_name="Visit",
                starts_at=now + timedelta(minutes=20),
                ends_at=now + timedelta(minutes=40),
                status=AppointmentStatus.BOOKED,
                room=str(n),
            )
            for n in people
            if f"P-{n}" != guardian
        ]
        await backend.appointments_import.run(visits, now)
        counter = issuing(backend)

        async def code(number: int, kind: CodeKind = CodeKind.DIGITS) -> str:
            order = CodeOrder(f"P-{number}", None, kind, sent=False)
            return (await counter.issue(order, Actor("asel"))).secret

        await backend.manual_check_ins.add(f"A-{LAST}", Actor("dina"), "seen", None)
        return Codes(
            await code(FIRST),
            await code(FIRST + 1, CodeKind.QR),
            await code(FIRST + 2),
            await code(LAST),
        )


def held_up(text: str) -> "np.ndarray[Any, np.dtype[np.uint8]]":
    """A camera's picture of somebody's QR code."""
    drawn = cv2.imdecode(np.frombuffer(qr_png(text), np.uint8), cv2.IMREAD_GRAYSCALE)
    assert drawn is not None
    seen = np.full((480, 640), 120, np.uint8)
    size = 300
    seen[90 : 90 + size, 170 : 170 + size] = cv2.resize(drawn, (size, size))
    return np.repeat(seen[:, :, np.newaxis], 3, axis=2)


async def paired_code(console: Console, name: str, kind: str) -> str:
    """Registered on the page Devices, as reception does it."""
    async with console.page(Role.RECEPTION) as page:
        await page.goto("/devices")
        await page.get_by_role("button", name="Add a device").click()
        dialog = page.locator("#add-dialog")
        await dialog.get_by_label("Name").fill(name)
        await dialog.get_by_label("What for").select_option(label=kind)
        await dialog.get_by_role("button", name="Add a device").click()
        await expect(page.locator("#code")).to_have_text(re.compile(r"^\w{4}-\w{4}$"))
        await screenshot(page, f"devices-{name}-code")
        return await page.locator("#code").inner_text()


@asynccontextmanager
async def tablet(console: Console, browser: Browser, code: str) -> AsyncIterator[Page]:
    """Paired by the address of its QR code; a voice is there.

    Its time stands still: a screen that goes back by itself does so when a test has time pass, and
    not while a busy machine takes its picture.
    """
    async with console.page(None, browser=browser, viewport=TABLET, has_touch=True) as page:
        now = datetime.now(UTC)
        await page.clock.install(time=now)
        await page.clock.pause_at(now + timedelta(seconds=1))
        await page.add_init_script(VOICE)
        await page.goto(f"/kiosk/pair#{code}")
        await expect(page).to_have_url(re.compile("/kiosk/pair$"))
        await page.get_by_role("button", name="Pair").click()
        await expect(page).to_have_url(re.compile("/kiosk$"))
        # Whoever types before the page listens types in vain.
        await expect(page.locator("body[data-shows=start]")).to_be_visible()
        await expect(page.locator("#title")).to_have_text("Welcome")
        yield page


VOICE = """
  window.spoken = [];
  const voices = ["kk-KZ", "ru-RU", "en-GB"].map((lang) => ({ lang }));
  window.SpeechSynthesisUtterance = class { constructor(text) { this.text = text; } };
  Object.defineProperty(window, "speechSynthesis", { value: {
    getVoices: () => voices, cancel() {}, speak: (said) => window.spoken.push(said.text),
  } });
"""


async def spoken(page: Page) -> Sequence[str]:
    """The beginnings of what was said aloud: the title."""
    said: list[str] = await page.evaluate("window.spoken")
    return [" ".join(one.split(" ")[:5]) for one in said]


async def speak_in(page: Page, name: str, language: str) -> None:
    """Choose a language, once the page listens."""
    await expect(page.locator("body[data-shows=start]")).to_be_visible()
    await page.get_by_role("button", name=name).click()
    await expect(page.locator(f"html[lang={language}] body[data-shows=start]")).to_be_visible()


async def in_time(page: Page, shown: Locator, step_ms: int) -> None:
    """Have the tablet's time pass, step by step, until something is shown."""
    for _ in range(MOST_STEPS):
        try:
            await expect(shown).to_be_visible(timeout=STEP_TIMEOUT_MS)
        except AssertionError:
            await page.clock.run_for(step_ms)
        else:
            return
    await expect(shown).to_be_visible()


async def type_digits(page: Page, digits: str) -> None:
    for one in digits:
        await page.locator(f'#keypad [data-key="{one}"]').click()


async def every_control_is_large_and_low(page: Page) -> None:
    """For somebody who sits: 64 pixels at least, in the lower 60 % of the screen."""
    for button in await page.locator("button:visible").all():
        box = await button.bounding_box()
        assert box is not None
        name = await button.inner_text()
        assert min(box["width"], box["height"]) >= 64, (name, box)
        assert box["y"] >= 0.4 * TABLET["height"], (name, box)
        assert box["y"] + box["height"] <= TABLET["height"], (name, box)


async def it_says_when_the_service_is_away(page: Page) -> None:
    """Before somebody has typed six digits for nothing, and no longer than it lasts."""
    calls = "**/api/v1/kiosk/calls"
    await page.route(calls, lambda route: route.abort())
    await page.reload()
    await expect(page.locator("#title")).to_have_text("Check-in does not work just now.")
    await screenshot(page, "kiosk-away-en")
    await page.unroute(calls)
    await in_time(page, page.locator("#title", has_text="Welcome"), WATCH_MS)


async def a_late_answer_is_for_nobody(page: Page) -> None:
    """Whoever has gone back meanwhile may have left, and another person stands there."""
    with answering(page, "arrived") as faked:
        await faked.begin(first="choose")
        await type_digits(page, "123456")
        await page.get_by_role("button", name="Room 204а").click()
        await page.get_by_role("button", name="Check in", exact=True).click()
        await page.get_by_role("button", name="Back").click()
        async with page.expect_response("**/api/v1/kiosk/codes"):
            faked.held.set()
        # What the page does with it is done before it fetches anything else.
        await page.evaluate("fetch('/static/kirdi.svg').then((answer) => answer.text())")
        await expect(page.locator("#title")).to_have_text("Welcome")
        await expect(page.locator("#lines")).not_to_contain_text("Room")
        await faked.end()


async def it_says_what_to_do_while_the_national_service_is_away(page: Page) -> None:
    codes = "**/api/v1/kiosk/codes"
    said: dict[str, object] = {"state": "away", "visits": [], "choices": [], "wait_s": None}
    await page.route(codes, lambda route: route.fulfill(json=said))
    await type_digits(page, "123456")
    await expect(page.locator("#title")).to_have_text("The national app does not answer just now.")
    await expect(page.locator("#lines")).to_contain_text("a code of this clinic's")
    await page.unroute(codes)
    await page.get_by_role("button", name="Try again").click()
    await expect(page.locator("#title")).to_have_text("Welcome")


async def a_colleague_is_called(console: Console, page: Page) -> None:
    async with console.page(Role.RECEPTION) as desk:
        await page.get_by_role("button", name="Ask for help").click()
        await expect(page.locator("#title")).to_have_text("A colleague has been called.")
        await screenshot(page, "kiosk-help-en")
        await desk.goto("/enrol")
        await expect(desk.get_by_text("Somebody asks for help at kiosk-7")).to_be_visible()
        await screenshot(desk, "kiosk-call-at-reception")
        await desk.get_by_role("button", name="I am going").click()
        await in_time(
            page, page.locator("#title", has_text="A colleague is on the way to you."), POLL_MS
        )
    await page.get_by_role("button", name="Done").click()


async def somebody_was_not_here(console: Console, page: Page, digits: str) -> None:
    await type_digits(page, digits)
    await expect(page.locator("#title")).to_have_text("You are checked in already.")
    await screenshot(page, "kiosk-already-en")
    await page.get_by_role("button", name="I was not here").click()
    await expect(page.locator("#title")).to_have_text("Thank you for saying so.")
    async with console.page(Role.REVIEWER) as reviewer:
        await reviewer.goto("/review")
        disputed = reviewer.get_by_text("the patient says that somebody else")
        skip = reviewer.get_by_role("button", name="Skip")
        # The lobby's faces wait, too: each skip draws the next one, which is read first.
        for _ in range(6):
            try:
                await expect(disputed).to_be_visible(timeout=3_000)
                break
            except AssertionError:
                await skip.click()
        await expect(disputed).to_be_visible()
        await screenshot(reviewer, "review-disputed")
        await reviewer.get_by_role("button", name=re.compile("Take the check-in back")).click()
        await expect(disputed).to_be_hidden()
    async with console.page(Role.RECEPTION) as desk:
        await desk.goto("/account")
        fetched = f"fetch('/api/v1/appointments/A-{LAST}').then((answer) => answer.json())"
        assert (await desk.evaluate(fetched))["status"] == "booked"
    await page.get_by_role("button", name="Done").click()


async def the_board_calls_numbers(console: Console) -> None:
    code = await paired_code(console, "board-1", "Ticket board")
    async with console.page(None, viewport={"width": 1920, "height": 1080}) as board:
        await board.goto("/kiosk/pair")
        await board.get_by_label("Pairing code").fill(code)
        await board.get_by_role("button", name="Pair").click()
        await expect(board).to_have_url(re.compile("/board$"))
        # Others of the clinic may stand there; whose check-in was taken back (room 26) does not.
        for room, rows in ((21, 1), (22, 1), (24, 1), (26, 0)):
            row = board.locator("#lines li").filter(has_text=f"Room {room}")
            await expect(row).to_have_count(rows)
        assert "Name" not in await board.locator("#lines").inner_text()
        await screenshot(board, "board-en")


async def revoked(console: Console, page: Page) -> None:
    async with console.page(Role.RECEPTION) as desk:
        await desk.goto("/devices")
        row = desk.get_by_role("row", name=re.compile("kiosk-7"))
        await row.get_by_role("button", name="Revoke…").click()
        await desk.get_by_role("dialog").get_by_role("button", name="Revoke").click()
        await expect(row.get_by_text("revoked")).to_be_visible()
    await type_digits(page, "123456")
    await expect(page).to_have_url(re.compile("/kiosk/pair$"))


class Faked:
    """The API's answer to a code, made up: what each looks like."""

    def __init__(self, page: Page, state: str) -> None:
        self._page = page
        self.held = asyncio.Event()
        visit = {
            "starts_at": "2026-11-30T10:30:00Z",
            "opens_at": "2026-11-30T09:30:00Z",
            "room": "204а",
            "building": "north",
            "ticket": 345,
        }
        self._answer = {
            "state": state,
            "wait_s": 1800,
            "choices": [visit | {"person": 0, "appointment_ref": "A-1"}],
            "visits": [visit],
        }

    async def begin(self, first: str | None = None) -> None:
        """Answer; after a `first` state the real one waits until it is let go."""
        waiting = [first] if first else []

        async def reply(route: Route) -> None:
            if waiting:
                await route.fulfill(json=self._answer | {"state": waiting.pop()})
            else:
                if first:
                    await self.held.wait()
                await route.fulfill(json=self._answer)

        await self._page.route("**/api/v1/kiosk/codes", reply)

    async def end(self) -> None:
        await self._page.unroute("**/api/v1/kiosk/codes")


@contextmanager
def answering(page: Page, state: str) -> Iterator[Faked]:
    yield Faked(page, state)
