"""The console of a real service, and browsers in which people of every role are signed in."""

import json
import os
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from playwright.async_api import (
    Browser,
    BrowserContext,
    Page,
    StorageState,
    async_playwright,
    expect,
)

from config.load import load_settings
from streamer.backend import open_backend
from streamer.clock import SystemClock
from streamer.crypto.passwords import Passwords
from streamer.domain.account import NewAccount
from streamer.domain.actor import SERVICE
from streamer.domain.consent import Language
from streamer.domain.role import Role
from tests.acceptance.kirdi import (
    Kirdi,
    Service,
    appointment,
    record_consent,
    write_csv,
)
from tests.acceptance.people import stills, unseen_clips
from tests.data import ROOT

PASSWORD = "four cats on a warm roof"
SCREENSHOTS = Path(os.environ.get("KIRDI_SCREENSHOTS", ROOT / "build" / "screenshots"))

NAMES = (
    "Әлия Сәрсенова",
    "Қайрат Омаров",
    "Иван Петров",
    "Гүлнар Ахметова",
    "Anna Weber",
    "Нұрлан Ибраев",
)


def chromium() -> str | None:
    """Where Debian's Chromium is; None = nowhere."""
    return os.environ.get("KIRDI_CHROMIUM") or shutil.which("chromium")


@asynccontextmanager
async def launched(*options: str) -> AsyncIterator[Browser]:
    """A Chromium of its own until the end of the block; skips the test where there is none."""
    path = chromium()
    if path is None:
        pytest.skip("chromium is not installed; .ci/run installs it, or set KIRDI_CHROMIUM")
    always = ["--no-sandbox", "--disable-dev-shm-usage"]
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(executable_path=path, args=[*always, *options])
        try:
            yield opened
        finally:
            await opened.close()


def with_camera(pictures: Path) -> list[str]:
    """Options that give Chromium a camera which shows a file (`film`), and the right to use it."""
    return [
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-video-capture={pictures}",
    ]


def film(pictures: Sequence[np.ndarray], path: Path) -> Path:
    """Write pictures as Motion JPEG, which Chromium's fake camera shows again and again.

    Args:
        pictures: uint8 (h, w, 3) RGB each.
        path: Has to end with .mjpeg.
    """
    with path.open("wb") as file:
        for picture in pictures:
            done, jpeg = cv2.imencode(".jpg", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
            assert done
            file.write(jpeg.tobytes())
    return path


@dataclass
class Console:
    """A clinic that runs: the installation, the service, and its pages' address.

    Accounts are named after their role (`reception`, …), all with PASSWORD; the practitioner's
    appointments are those of d-1.
    """

    kirdi: Kirdi
    service: Service
    url: str
    browser: Browser
    _states: dict[str, StorageState] = field(default_factory=dict)

    @asynccontextmanager
    async def context(
        self,
        role: Role | None,
        language: Language = Language.EN,
        browser: Browser | None = None,
        **options: Any,
    ) -> AsyncIterator[BrowserContext]:
        """A browser of its own; whoever has the role is signed in there."""
        if role is not None:
            options["storage_state"] = await self._signed_in(role.value)
        context = await (browser or self.browser).new_context(
            base_url=self.url, locale=language.value, **options
        )
        context.set_default_timeout(15_000)
        try:
            yield context
        finally:
            await context.close()

    @asynccontextmanager
    async def page(
        self, role: Role | None, language: Language = Language.EN, **options: Any
    ) -> AsyncIterator[Page]:
        """One page of it. What its scripts complain of, and its policy stops, is a fault."""
        async with self.context(role, language, **options) as context:
            page = await context.new_page()
            faults: list[str] = []
            page.on("pageerror", lambda error: faults.append(str(error)))
            page.on(
                "console",
                lambda message: faults.append(message.text) if _is_fault(message.text) else None,
            )
            yield page
            assert faults == []

    async def _signed_in(self, account: str) -> StorageState:
        if account not in self._states:
            context = await self.browser.new_context(base_url=self.url, locale="en")
            page = await context.new_page()
            await page.goto("/sign-in")
            await sign_in(page, account)
            await page.wait_for_url(lambda url: not url.endswith("/sign-in"))
            self._states[account] = await context.storage_state()
            await context.close()
        return self._states[account]


def _is_fault(line: str) -> bool:
    return "Content Security Policy" in line or "TrustedHTML" in line or "Uncaught" in line


async def sign_in(page: Page, account: str, password: str = PASSWORD) -> None:
    """Fill in the form and send it."""
    await page.get_by_label("Account").fill(account)
    await page.get_by_label("Password").fill(password)
    await page.get_by_role("button", name="Sign in").click()


async def screenshot(page: Page, name: str) -> Path:
    """Keep a picture of the whole page, for people to look at."""
    path = SCREENSHOTS / f"{name}.png"
    await page.screenshot(path=path, full_page=True)
    return path


@asynccontextmanager
async def open_console(kirdi: Kirdi, browser: Browser) -> AsyncIterator[Console]:
    """A clinic with one camera, six patients and an account for each role, until it is closed.

    P-1 and P-2 are enrolled (people A and B), and pass the camera again and again; whoever is
    recognised waits for a person.
    """
    seen = [unseen_clips(person)[0] for person in "AB"]
    with kirdi.camera(*seen, loop=True) as url:
        kirdi.cameras = [{"id": "lobby-1", "url": url}]
        kirdi.extra = {
            "codes": {"devices": {"desk-1": "main"}},
            "match": {"auto_arrive": "never"},
        }
        await add_accounts(kirdi)
        with kirdi.service() as service:
            service.wait_until_logged('"service ready"', seconds=60)
            import_day(kirdi)
            await enrol(kirdi)
            address = json.loads((kirdi.home / "web.json").read_text())["url"]
            expect.set_options(timeout=15_000)
            yield Console(kirdi, service, address, browser)


def import_day(kirdi: Kirdi) -> None:
    """Six patients, an appointment each, from now on."""
    now = datetime.now(UTC)
    patients = [
        {"patient_ref": f"P-{n}", "full_name": name, "birth_date": f"19{60 + n}-02-0{n}"}
        for n, name in enumerate(NAMES, start=1)
    ]
    booked = [
        appointment(f"A-{n}", f"P-{n}", now + timedelta(minutes=10 * n))
        | {"room": f"{10 + n}", "practitioner_ref": f"d-{1 + n % 2}"}
        for n in range(1, len(NAMES) + 1)
    ]
    write_csv(kirdi.folder / "patients.csv", patients)
    write_csv(kirdi.folder / "appointments.csv", booked)
    kirdi.ok("patients", "import", kirdi.folder / "patients.csv")
    kirdi.ok("appointments", "import", kirdi.folder / "appointments.csv")


async def enrol(kirdi: Kirdi) -> None:
    """P-1 and P-2 consent, and are enrolled."""
    settings, clock = load_settings(kirdi.write_settings(), {}), SystemClock()
    async with open_backend(settings, kirdi.home, clock) as backend:
        for ref in ("P-1", "P-2"):
            await record_consent(backend, ref, clock.now())
    for ref, person in (("P-1", "A"), ("P-2", "B")):
        photos = stills(person, kirdi.folder)
        kirdi.ok("patients", "enroll", ref, *photos, "--consent-ref", f"consent-{ref}")


async def add_accounts(kirdi: Kirdi) -> None:
    """One for each role, named after it."""
    settings, clock = load_settings(kirdi.write_settings(), {}), SystemClock()
    async with open_backend(settings, kirdi.home, clock) as backend:
        cheap = Passwords(backend.database.web_secrets.pepper, time_cost=1, memory_kib=8)
        for role in Role:
            refs = ("d-1",) if role is Role.PRACTITIONER else ()
            account = NewAccount(role.value, (role,), refs, None, cheap.hash(PASSWORD))
            await backend.accounts.add(account, SERVICE, clock.now())
