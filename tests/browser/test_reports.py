"""Reports: one is made, read, and followed from a total to a row's evidence, in every language."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from streamer.domain.consent import Language
from streamer.domain.role import Role
from tests.browser.console import Console, screenshot
from tests.browser.test_every_page import judged
from tests.npm import installed

WARNINGS = {
    Language.KK: "Беттің болмауы — алаяқтықтың дәлелі емес.",
    Language.RU: "Отсутствие лица не является доказательством мошенничества.",
    Language.EN: "Absence of a face is no evidence of fraud.",
}


@pytest.mark.parametrize("language", list(Language))
async def test_a_report_is_made_and_followed_to_the_evidence(
    console: Console, language: Language
) -> None:
    today = datetime.now(UTC).date().isoformat()
    async with console.page(Role.HEAD, language) as page:
        await page.goto("/reports")
        form = page.locator("#make")
        await form.locator("input[name=from]").fill(today)
        await form.locator("input[name=to]").fill(today)
        await form.locator("button").click()
        await page.wait_for_url("**/reports/*?revision=*")
        await expect(page.get_by_text(WARNINGS[language])).to_be_visible()
        await hold_against_axe(page)
        await screenshot(page, f"report-{language}")
        async with page.expect_download() as taken:
            await page.get_by_role("link", name="PDF", exact=True).click()
        path = await (await taken.value).path()
        assert path.read_bytes().startswith(b"%PDF-")
        # A line of a practitioner, its day, a row of it.
        await page.locator(".s-practitioners tbody a").first.click()
        await page.locator(".s-by_day tbody a").first.click()
        await expect(page.locator("#rows tbody tr").first).to_be_visible()
        await hold_against_axe(page)
        await screenshot(page, f"report-rows-{language}")
        await page.locator("#rows tbody a").first.click()
        await expect(page.locator("dl.facts dd").first).to_be_visible()
        await hold_against_axe(page)
        await screenshot(page, f"report-row-{language}")
        await page.goto("/reports")
        await expect(page.locator("#reports tbody tr").first).to_contain_text("1")
        await screenshot(page, f"reports-{language}")


async def test_a_practitioner_has_none_made_and_a_clerk_sees_none(console: Console) -> None:
    async with console.page(Role.PRACTITIONER) as page:
        await page.goto("/reports")
        await expect(page.get_by_role("heading", name="Reports")).to_be_visible()
        await expect(page.locator("#make")).to_have_count(0)
    async with console.page(Role.RECEPTION) as page:
        answer = await page.goto("/reports")
        assert answer is not None
        assert answer.status == 403


async def hold_against_axe(page: Page) -> None:
    """No serious fault of accessibility, in light and dark."""
    axe = installed(Path(__file__).parent / "axe", "axe") / "node_modules" / "axe-core"
    await page.evaluate((axe / "axe.min.js").read_text(encoding="utf-8"))
    await page.emulate_media(color_scheme="dark")
    assert await judged(page, ["color-contrast"]) == []
    await page.emulate_media(color_scheme="light")
    assert await judged(page, None) == []
