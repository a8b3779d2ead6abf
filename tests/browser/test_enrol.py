"""Enrolment on the page: a consent read and signed, then photos by the browser's camera."""

from pathlib import Path

from playwright.async_api import Page, expect

from streamer.domain.consent import Language
from streamer.domain.role import Role
from tests.acceptance.people import decode, stills, unseen_clips
from tests.browser.console import Console, film, launched, screenshot, with_camera


async def test_a_patient_is_enrolled_by_the_camera_and_withdraws(
    console: Console, tmp_path: Path
) -> None:
    pictures = film(decode(unseen_clips("C")[0]), tmp_path / "c.mjpeg")
    async with (
        launched(*with_camera(pictures)) as browser,
        console.page(Role.RECEPTION, browser=browser) as page,
        console.page(Role.RECEPTION) as colleague,
    ):
        # A colleague's page follows what is done here.
        await colleague.goto("/today")
        not_enrolled = colleague.locator('a.enrol[href$="patient=P-3"]')
        await expect(not_enrolled).to_be_visible()
        await look_up(page, "P-3")
        await expect(page.locator("#patient-name")).to_have_text("Иван Петров")
        # The consent first: there are no photos before it is signed.
        await expect(page.locator("#step-photos")).to_be_hidden()
        await expect(page.get_by_text("Refusing costs you nothing.")).to_be_visible()
        await page.get_by_label("Read in").select_option("ru")
        await expect(page.locator("#consent-text")).to_contain_text("Отказ")
        await page.get_by_label("Number of the signed document").fill("C-3")
        await page.get_by_role("checkbox").check()
        await page.get_by_role("button", name="Go on to the photos").click()
        taking = page.get_by_role("button", name="Take a photo")
        await expect(taking).to_be_enabled(timeout=60_000)
        for number in range(1, 4):
            await expect(taking).to_be_enabled(timeout=30_000)
            await taking.click()
            await expect(page.locator("#photos li")).to_have_count(number)
        await screenshot(page, "enrol-photos")
        # Until now nothing was written.
        assert await consents_of(console, "P-3") == []
        await page.get_by_role("button", name="Save and enrol").click()
        await expect(page.locator("#done-line")).to_contain_text("Saved.", timeout=60_000)
        assert await consents_of(console, "P-3") == ["active"]
        await expect(not_enrolled).to_have_count(0)
        await look_up(page, "P-3")
        await expect(page.get_by_text("Enrolled", exact=True)).to_be_visible()
        await page.get_by_role("button", name="Withdraw the consent").click()
        await page.get_by_role("dialog").get_by_role("button", name="Withdraw").click()
        await expect(page.get_by_text("Nobody is recognised as this patient")).to_be_visible()
        await expect(page.locator("#receipt-count")).to_have_text("1")
        await screenshot(page, "enrol-receipt")
        await expect(not_enrolled).to_be_visible()
    assert await consents_of(console, "P-3") == ["inactive"]


async def test_without_a_camera_and_in_other_languages(console: Console) -> None:
    for language in Language:
        async with console.page(Role.RECEPTION, language) as page:
            await look_up(page, "P-4")
            await expect(page.locator("#consent-text h3")).to_be_visible()
            await screenshot(page, f"enrol-consent-{language}")
    async with console.page(Role.RECEPTION) as page:
        await look_up(page, "P-999")
        await expect(page.locator("#find-error")).to_contain_text("There is no patient")
        await look_up(page, "P-1")
        await expect(page.get_by_text("Choose photos instead")).to_be_visible()


async def test_who_turns_out_to_be_enrolled_already_leaves_no_consent_behind(
    console: Console, tmp_path: Path
) -> None:
    async with console.page(Role.RECEPTION) as page:
        await look_up(page, "P-4")
        await page.get_by_label("Number of the signed document").fill("C-4")
        await page.get_by_role("checkbox").check()
        await page.get_by_role("button", name="Go on to the photos").click()
        # A, who is P-1.
        await page.locator("#files").set_input_files(stills("A", tmp_path)[:3])
        await expect(page.locator("#photos li")).to_have_count(3)
        await page.get_by_role("button", name="Save and enrol").click()
        warning = page.get_by_role("dialog")
        await expect(warning).to_contain_text("P-1", timeout=60_000)
        await warning.get_by_role("button", name="Cancel").click()
        await expect(page.locator("#save-error")).to_contain_text("takes the consent back, too")
        await screenshot(page, "enrol-alike-cancelled")
        await page.get_by_role("button", name="Discard everything").click()
        await expect(page.locator("#done-line")).to_contain_text("P-4: the consent")
        await expect(page.locator("#receipt-count")).to_have_text("0")
        await expect(page.locator("#step-photos")).to_be_hidden()
    assert await consents_of(console, "P-4") == ["entered-in-error"]


async def test_a_patient_of_today_is_found_by_name(console: Console) -> None:
    async with console.page(Role.RECEPTION) as page:
        asked: list[str] = []
        page.on("request", lambda one: asked.append(one.url))
        await look_up(page, "каират омаров")
        await expect(page.locator("#patient-name")).to_have_text("Қайрат Омаров")
        # Of two with the letters in their names one is chosen.
        await page.locator("#find input").fill("ова")
        await page.locator("#find button").click()
        await expect(page.locator("#found li")).to_have_count(2)
        await expect(page.locator("#patient")).to_be_hidden()
        await page.get_by_role("button", name="Гүлнар Ахметова").click()
        await expect(page.locator("#patient-name")).to_have_text("Гүлнар Ахметова")
        await expect(page.locator("#found li")).to_have_count(0)
        await page.locator("#find input").fill("Somebody Else")
        await page.locator("#find button").click()
        await expect(page.locator("#find-error")).to_contain_text("Nobody of this name")
        # A name is never looked up as a reference: that would be written down.
        assert not [one for one in asked if "/patients/" in one and "/P-" not in one]
        await screenshot(page, "enrol-by-name")


async def look_up(page: Page, reference: str) -> None:
    await page.goto("/enrol")
    await page.locator("#find input").fill(reference)
    await page.locator("#find button").click()


async def consents_of(console: Console, reference: str) -> list[str]:
    async with console.context(Role.RECEPTION) as context:
        page = await context.new_page()
        await page.goto("/account")
        return list(
            await page.evaluate(
                """async (reference) => {
                    const answer = await fetch(`/api/v1/consents?patient_ref=${reference}`);
                    return (await answer.json()).items.map((one) => one.status);
                }""",
                reference,
            )
        )
