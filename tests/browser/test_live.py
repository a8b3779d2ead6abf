"""The wall of cameras: pictures that move, boxes over them, and what a dark tile says."""

import re

import pytest
from playwright.async_api import Page, expect

from streamer.domain.consent import Language
from streamer.domain.role import Role
from tests.acceptance.people import unseen_clips
from tests.browser.console import Console, screenshot

# Frames that were decoded, and how bright and how various the picture is (0 to 255).
_PICTURE = """
video => {
  const canvas = document.createElement("canvas");
  canvas.width = 64; canvas.height = 36;
  const pen = canvas.getContext("2d");
  pen.drawImage(video, 0, 0, 64, 36);
  const data = pen.getImageData(0, 0, 64, 36).data;
  const greys = [];
  for (let i = 0; i < data.length; i += 4) greys.push((data[i] + data[i + 1] + data[i + 2]) / 3);
  const mean = greys.reduce((a, b) => a + b) / greys.length;
  const variance = greys.reduce((a, b) => a + (b - mean) ** 2, 0) / greys.length;
  return { mean, variance, frames: video.getVideoPlaybackQuality().totalVideoFrames };
}
"""


@pytest.mark.parametrize("language", list(Language))
async def test_a_camera_is_seen_blurred(console: Console, language: Language) -> None:
    async with console.page(Role.RECEPTION, language) as page:
        await page.goto("/live")
        await until_playing(page)
        first = await page.locator("video").evaluate(_PICTURE)
        assert first["mean"] > 20
        assert first["variance"] > 100
        await page.wait_for_function(
            "before => document.querySelector('video').getVideoPlaybackQuality()"
            ".totalVideoFrames > before + 5",
            arg=first["frames"],
        )
        await screenshot(page, f"live-{language}")


# Whether anything is drawn over the picture.
_DRAWN = """
() => {
  const canvas = document.querySelector(".tile canvas");
  if (!canvas.width) return false;
  const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  for (let i = 3; i < data.length; i += 4) if (data[i] > 0) return true;
  return false;
}
"""


_ADD = """
async (url) => {
  const token = document.querySelector('meta[name="csrf-token"]').content;
  const headers = { "X-CSRF-Token": token, "Content-Type": "application/json" };
  const body = JSON.stringify({ camera_id: "dying-1", url });
  return (await fetch("/api/v1/cameras", { method: "POST", headers, body })).status;
}
"""


_ALL_CLOSED = """
async () => {
  const answer = await fetch("/api/v1/audit/events?kind=live-view&limit=200");
  const looks = (await answer.json()).items.filter(one => one.actor === "reviewer");
  const count = reason => looks.filter(one => one.reason === reason).length;
  return count("opened") >= 4 && count("opened") === count("closed");
}
"""


async def test_boxes_lie_over_the_picture_and_it_grows_by_keyboard(console: Console) -> None:
    async with console.page(Role.REVIEWER) as page:
        asked: list[str] = []
        page.on("request", lambda request: asked.append(f"{request.method} {request.url}"))
        await page.goto("/live")
        await until_playing(page)
        await page.wait_for_function(_DRAWN, timeout=60_000)
        await page.get_by_role("button", name="Enlarge lobby-1").press("Enter")
        await expect(page.locator(".tile.large")).to_have_count(1)
        await expect(page.get_by_label("Names of who has arrived")).to_be_hidden()
        await screenshot(page, "live-large")
        await page.get_by_label("Faces clear").check()
        await expect(page.locator(".tile").first).to_have_attribute("data-state", "connecting")
        await until_playing(page)
        await page.get_by_label("Names of who has arrived").check()
        await page.wait_for_function(_DRAWN, timeout=60_000)
        await screenshot(page, "live-clear")
        await page.keyboard.press("Escape")
        await expect(page.locator(".tile.large")).to_have_count(0)
        assert any("view=clear&names=true" in one for one in asked)
        await page.goto("/account")
    # The page has ended every look itself: nobody had to find out that it was gone.
    async with console.page(Role.AUDITOR) as page:
        await page.goto("/audit")
        await page.wait_for_function(_ALL_CLOSED)


async def test_a_dark_camera_says_so_and_comes_back(console: Console) -> None:
    async with (
        console.page(Role.RECEPTION, viewport={"width": 360, "height": 740}) as page,
        console.page(Role.OPERATOR) as operator,
    ):
        await page.goto("/live")
        await until_playing(page)
        await operator.goto("/live")
        try:
            await ask(operator, "POST", "cameras/lobby-1/disable")
            badge = page.locator(".tile .state").first
            await expect(badge).to_have_text("switched off", timeout=30_000)
            await expect(page.locator(".why").first).to_contain_text("since ")
            await expect(page.locator(".dark").first).to_be_visible()
            await screenshot(page, "live-dark-phone")
        finally:
            assert await ask(operator, "POST", "cameras/lobby-1/enable") == 200
        await until_playing(page)
        # The service is away for a moment, as in a restart.
        await page.context.set_offline(True)
        await expect(page.locator(".tile .dark").first).to_have_text(
            "The service does not answer. This one tries again by itself.", timeout=30_000
        )
        await page.context.set_offline(False)
        await until_playing(page)


async def test_a_camera_that_dies_is_dark_and_says_since_when_and_nothing_else(
    console: Console,
) -> None:
    async with console.page(Role.OPERATOR) as page:
        await page.goto("/cameras")
        with console.kirdi.camera(unseen_clips("A")[0], loop=True) as url:
            assert await page.evaluate(_ADD, url) == 201
            await page.goto("/live")
            tile = page.locator('.tile[data-camera="dying-1"]')
            await expect(tile).to_have_attribute("data-state", "playing", timeout=60_000)
        try:
            state, why = tile.locator(".state"), tile.locator(".why")
            await expect(tile.locator(".dark")).to_be_visible()
            await expect(state).not_to_have_text("live")
            await expect(why).to_contain_text(re.compile(r"since \d\d:\d\d"))
            await screenshot(page, "live-dead-camera")
        finally:
            assert await ask(page, "DELETE", "cameras/dying-1") in (200, 204)


async def test_cameras_of_others_and_the_clear_picture_are_refused(console: Console) -> None:
    async with console.page(Role.OPERATOR) as page:
        await page.goto("/live")
        await expect(page.get_by_label("Faces clear")).to_have_count(0)
        for path, status in (
            ("cameras/nowhere/tracks", 404),
            ("cameras/lobby-1/tracks?view=clear", 403),
            ("cameras/lobby-1/tracks?names=true", 403),
            ("cameras/lobby-1/tracks?view=naked", 422),
            ("cameras/..%2f..%2fetc/tracks", 404),
        ):
            assert await ask(page, "GET", path) == status, path


async def ask(page: Page, method: str, path: str) -> int:
    """What the API answers to whoever this page is."""
    status: int = await page.evaluate(
        """async ([method, path]) => {
          const token = document.querySelector('meta[name="csrf-token"]').content;
          const headers = { "X-CSRF-Token": token };
          return (await fetch(`/api/v1/${path}`, { method, headers })).status;
        }""",
        [method, path],
    )
    return status


async def until_playing(page: Page, seconds: float = 60) -> None:
    """Wait until the first tile moves."""
    tile = page.locator(".tile").first
    await expect(tile).to_have_attribute("data-state", "playing", timeout=1000 * seconds)
