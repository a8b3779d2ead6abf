"""The page where people decide: a face beside whom it may show, by keyboard."""

import asyncio
import re

import pytest
from playwright.async_api import Page, Route, expect

from streamer.domain.consent import Language
from streamer.domain.role import Role
from tests.browser.console import Console, screenshot

QUESTION = {
    Language.KK: "Бұл осы пациент пе?",
    Language.RU: "Это этот пациент?",
    Language.EN: "Is it this patient?",
}


@pytest.mark.parametrize("language", list(Language))
async def test_a_waiting_face_beside_whom_it_may_show(console: Console, language: Language) -> None:
    async with console.page(Role.REVIEWER, language) as page:
        await wait_for_a_review(page)
        await expect(page.get_by_text(QUESTION[language])).to_be_visible()
        width = await page.locator("#crop").evaluate("image => image.naturalWidth")
        assert width > 40
        await screenshot(page, f"review-{language}")


async def test_whoever_may_only_read_sees_no_face_and_no_buttons(console: Console) -> None:
    async with console.page(Role.HEAD, viewport={"width": 360, "height": 740}) as page:
        await page.goto("/review")
        await expect(page.locator("#review")).to_be_visible()
        # References, and no names.
        await expect(page.locator(".candidate .name").first).to_have_text(re.compile(r"^P-[12]$"))
        await expect(page.locator("#crop")).to_be_hidden()
        await expect(page.get_by_role("button", name="Yes, it is")).to_have_count(0)
        await screenshot(page, "review-head-phone")


async def test_decided_by_keyboard_and_gone_elsewhere(console: Console) -> None:
    async with (
        console.page(Role.REVIEWER) as page,
        console.page(Role.REVIEWER) as other,
        console.page(Role.REVIEWER) as elsewhere,
    ):
        await wait_for_a_review(page)
        await wait_for_a_review(other)
        # Every page's menu counts what waits.
        count = elsewhere.locator("#review-count span").first
        await elsewhere.goto("/account")
        await expect(count).to_have_text(re.compile("^[1-9]"))
        before = await count.inner_text()
        # Where the menu is folded its button says so, until it is opened.
        folded = elsewhere.locator(".menu-button .count")
        await elsewhere.set_viewport_size({"width": 390, "height": 844})
        await expect(folded).to_be_visible()
        await expect(count).to_be_hidden()
        await elsewhere.locator(".menu-button").click()
        await expect(folded).to_be_hidden()
        await expect(count).to_be_visible()
        name = await page.locator(".candidate .name").first.inner_text()
        await expect(other.locator(".candidate .name").first).to_have_text(name)
        sent, late = decisions_of(page, other), asyncio.Event()
        await hold_crops(page, late)
        await page.keyboard.press("n")
        await expect(page.get_by_text("Noted: none of these patients.")).to_be_visible()
        # What comes to the other one's page unasked is decided by no key that was meant for this.
        await expect(other.get_by_text("Somebody else has decided this one")).to_be_visible()
        for key in ("Enter", "n", "1"):
            await other.keyboard.press(key)
        await expect(other.locator("#review")).to_be_hidden()
        await screenshot(other, "review-gone")
        await expect(count).not_to_have_text(before)
        # The other of the two is looked at next, and it is them; before its picture has come no
        # key decides.
        await until_another(page, name)
        await expect(page.locator("#confirm")).to_be_disabled()
        for key in ("Enter", "n"):
            await page.keyboard.press(key)
        assert len(sent) == 1
        late.set()
        await expect(page.locator("#crop")).to_be_visible()
        await expect(page.locator("#confirm")).to_be_enabled()
        await other.keyboard.press("Space")
        await expect(other.locator("#confirm")).to_be_enabled(timeout=60_000)
        confirmed = await page.locator(".candidate .muted").first.inner_text()
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("Confirmed.")).to_be_visible()
        assert len(sent) == 2
    reference = confirmed.split(" ")[0].replace("P-", "A-")
    assert console.kirdi.statuses()[reference] == "arrived"


async def until_another(page: Page, name: str) -> None:
    """Wait for the other person; a surer match of whoever was rejected is skipped."""
    for _ in range(6):
        try:
            shown = page.locator(".candidate .name").first
            await expect(shown).not_to_have_text(name, timeout=10_000)
            return
        except AssertionError:
            await page.keyboard.press("s")
    raise AssertionError("nobody else is recognised")


def decisions_of(*pages: Page) -> list[str]:
    """Where they send decisions, as they do."""
    sent: list[str] = []
    for page in pages:
        page.on("request", lambda one: sent.append(one.url) if one.method == "POST" else None)
    return sent


async def hold_crops(page: Page, until: asyncio.Event) -> None:
    """Let a page wait for its pictures."""

    async def held(route: Route) -> None:
        await until.wait()
        await route.continue_()

    await page.route("**/crop", held)


async def wait_for_a_review(page: Page) -> None:
    await page.goto("/review")
    await expect(page.locator("#crop")).to_be_visible(timeout=60_000)
    if await page.locator("#confirm").count():
        await expect(page.locator("#confirm")).to_be_enabled()
