"""A page that stays open: the desk's camera compares, and the service is started again under it."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from streamer.domain.actor import Actor
from streamer.domain.role import Role
from tests.acceptance.conftest import copied
from tests.acceptance.kirdi import Kirdi
from tests.acceptance.people import unseen_clips
from tests.browser.console import Console, add_accounts, enrol, import_day, screenshot
from tests.browser.test_today import backend_of, find, row
from tests.servers import free_port

READY = '"service ready"'


@pytest_asyncio.fixture(loop_scope="session")
async def at_desk(
    browser: Browser, unused: Kirdi, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Console]:
    """A house of its own, on a port that it keeps; person A stands at its desk all the time."""
    kirdi = copied(unused, tmp_path_factory.mktemp("desk"))
    kirdi.web_port = free_port()
    with kirdi.camera(unseen_clips("A")[0], loop=True) as url:
        kirdi.cameras = [{"id": "desk-1", "url": url, "kind": "desk"}]
        await add_accounts(kirdi)
        import_day(kirdi)
        await enrol(kirdi)
        with kirdi.service() as service:
            service.wait_until_logged('"camera": "desk-1", "status": "streaming"', seconds=60)
            yield Console(kirdi, service, f"http://127.0.0.1:{kirdi.web_port}", browser)


async def test_the_desk_compares_and_an_open_page_outlives_the_service(at_desk: Console) -> None:
    async with at_desk.page(Role.RECEPTION) as page, backend_of(at_desk) as backend:
        await page.goto("/today")
        await compared(page)
        await find(page, "P-3")
        at_desk.service.stop()
        lost = page.get_by_text("The service does not answer. Trying again…")
        await expect(lost).to_be_visible()
        await screenshot(page, "today-away")
        # While nobody answers somebody is checked in by a command.
        await backend.manual_check_ins.add("A-3", Actor("somebody"), "by hand")
        await expect(row(page, "P-3")).to_contain_text("Expected")
        with at_desk.kirdi.service() as again:
            again.wait_until_logged(READY, seconds=60, times=2)
            await expect(lost).to_be_hidden(timeout=60_000)
            await expect(row(page, "P-3")).to_contain_text("Arrived")
            await expect(page.locator("#state")).to_be_hidden()
            # It is the same page, and it works: nobody had to load it again or sign in anew.
            await page.get_by_role("searchbox").fill("P-4")
            await row(page, "P-4").get_by_role("button", name="Check in").click()
            await page.get_by_role("dialog").get_by_label("Has no phone with them").check()
            await page.get_by_role("dialog").get_by_role("button", name="Check in").click()
            await expect(row(page, "P-4")).to_contain_text("Arrived")


async def compared(page: Page) -> None:
    """P-2 was picked, and person A stands there: it is P-1."""
    dialog = page.get_by_role("dialog")
    for ref, answer in (("P-2", "Not surely this patient"), ("P-1", "has arrived")):
        line = await find(page, ref)
        await line.get_by_role("button", name="Compare").click()
        await screenshot(page, f"today-compare-{ref}")
        await dialog.get_by_role("button", name="Compare").click()
        await expect(page.locator("#notices")).to_contain_text(answer, timeout=30_000)
    await expect(row(page, "P-1")).to_contain_text("Arrived")
    await expect(row(page, "P-1")).to_contain_text("Face")
    await page.get_by_role("searchbox").fill("")
    await expect(row(page, "P-2")).to_contain_text("Expected")
