"""The page of the cameras: their day, and one that is tested and drawn on before it is saved."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Route, expect

from streamer.domain.consent import Language
from streamer.domain.role import Role
from tests.acceptance.people import unseen_clips
from tests.browser.console import Console, screenshot
from tests.browser.test_live import ask

SECRET = "geheim-4711"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def second(console: Console) -> AsyncIterator[str]:
    """The address of a camera that asks for a password."""
    clip = unseen_clips("A")[0]
    with console.kirdi.camera(clip, loop=True, user=f"viewer:{SECRET}") as url:
        yield url


@pytest.mark.parametrize("language", list(Language))
async def test_the_list_in_every_language(console: Console, language: Language) -> None:
    async with console.page(Role.OPERATOR, language) as page:
        await page.goto("/cameras")
        row = page.get_by_role("row").filter(has_text="lobby-1")
        await expect(row.locator(".badge")).not_to_have_text("")
        await expect(row.locator(".strip span").first).to_be_attached()
        await screenshot(page, f"cameras-{language}")


async def test_a_camera_is_tested_drawn_on_added_changed_and_removed(
    console: Console, second: str
) -> None:
    async with console.page(Role.OPERATOR) as page:
        await page.goto("/cameras")
        await page.get_by_role("button", name="Add a camera").click()
        dialog = page.locator("#camera-dialog")
        save = dialog.get_by_role("button", name="Save", exact=True)
        await dialog.get_by_label("Name").fill("side-1")
        await dialog.get_by_label("Address").fill(second.replace(SECRET, "wrong"))
        await expect(save).to_be_disabled()
        await dialog.get_by_role("button", name="Test and show").click()
        await expect(dialog.get_by_role("alert")).to_contain_text("password", timeout=40_000)
        await expect(dialog.get_by_role("alert")).not_to_contain_text("wrong")
        await dialog.get_by_label("Address").fill(second)
        await dialog.get_by_role("button", name="Test and show").click()
        await expect(page.locator("#test-state")).to_contain_text("h264", timeout=60_000)
        await expect(page.locator("#test-state")).to_contain_text("Faces are covered")
        for _ in range(3):
            await dialog.get_by_role("button", name="Add a point").click()
        await expect(page.locator("#lane-state")).to_have_text("The lane has 3 points.")
        point = dialog.get_by_role("button", name="Point 3:")
        await point.focus()
        await page.keyboard.press("Shift+ArrowLeft")
        await page.keyboard.press("ArrowDown")
        await expect(point).to_have_accessible_name(
            "Point 3: 45 % from the left, 81 % from the top"
        )
        await page.locator("#lane").click(position={"x": 20, "y": 200})
        await expect(page.locator("#lane-state")).to_have_text("The lane has 4 points.")
        await page.keyboard.press("Delete")
        await expect(page.locator("#lane-state")).to_have_text("The lane has 3 points.")
        await screenshot(page, "cameras-add")
        await save.click()
        row = page.get_by_role("row").filter(has_text="side-1")
        await expect(row).to_be_visible()
        assert SECRET not in await page.content()
        await row.get_by_role("button", name="Change").click()
        # As it is set: a stored password is used, and shown to nobody.
        await dialog.get_by_role("button", name="Test and show").click()
        await expect(page.locator("#test-state")).to_contain_text("h264", timeout=60_000)
        await expect(page.locator("#lane-state")).to_have_text("The lane has 3 points.")
        await dialog.get_by_role("button", name="Whole picture").click()
        await save.click()
        await expect(dialog).to_be_hidden()
        await row.get_by_role("button", name="Change").click()
        await dialog.get_by_role("button", name="Remove").click()
        await page.locator("#remove-dialog").get_by_role("button", name="Remove").click()
        await expect(row).to_have_count(0)


async def test_who_may_only_read_changes_and_tests_nothing(console: Console) -> None:
    async with console.page(Role.HEAD, viewport={"width": 360, "height": 740}) as page:
        await page.goto("/cameras")
        await expect(page.get_by_role("row").filter(has_text="lobby-1")).to_be_visible()
        await expect(page.get_by_role("button", name="Add a camera")).to_have_count(0)
        await expect(page.get_by_role("button", name="Switch off")).to_have_count(0)
        await screenshot(page, "cameras-head-phone")
        assert await ask(page, "POST", "cameras/test") == 403


async def test_what_a_camera_says_of_itself_stays_text(console: Console) -> None:
    markup = "<img src=x onerror=document.title='hit'>"
    away = {
        "type": "urn:kirdi:problem:camera-away",
        "detail": markup,
        "since": "2026-11-30T09:00:00+05:00",
        "reason": markup,
        "camera_status": markup,
    }
    async with console.page(Role.OPERATOR) as page:

        async def dark(route: Route) -> None:
            await route.fulfill(status=409, json=away, content_type="application/problem+json")

        async def told(route: Route) -> None:
            answer = await route.fetch()
            body = await answer.json()
            for one in body["items"]:
                one |= {"reason": markup, "remarks": [markup], "decoding": markup}
            await route.fulfill(response=answer, json=body)

        await page.route("**/whep?*", dark)
        await page.route("**/api/v1/cameras?limit=*", told)
        for path, place in (("/live", ".reason"), ("/cameras", "#cameras td")):
            await page.goto(path)
            await expect(page.locator(place).filter(has_text=markup).first).to_be_visible()
            assert await page.locator("main img[src=x]").count() == 0
            assert await page.title() != "hit"
