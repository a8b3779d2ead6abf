"""The page where people decide: a face beside whom it may show, by keyboard."""

import re

import pytest
from playwright.async_api import Page, expect

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
        await page.keyboard.press("n")
        await expect(page.get_by_text("Noted: none of these patients.")).to_be_visible()
        await expect(other.get_by_text("Somebody else has decided this one")).to_be_visible()
        await expect(count).not_to_have_text(before)
        # The other of the two is looked at next, and it is them.
        await expect(page.locator(".candidate .name").first).not_to_have_text(name, timeout=60_000)
        await expect(page.locator("#crop")).to_be_visible()
        confirmed = await page.locator(".candidate .muted").first.inner_text()
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("Confirmed.")).to_be_visible()
    reference = confirmed.split(" ")[0].replace("P-", "A-")
    assert console.kirdi.statuses()[reference] == "arrived"


async def wait_for_a_review(page: Page) -> None:
    await page.goto("/review")
    await expect(page.locator("#crop")).to_be_visible(timeout=60_000)
