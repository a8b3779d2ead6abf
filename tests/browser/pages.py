"""Every page of the console, as somebody who sees all of it. Walked by tests and `__main__`."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Final
from urllib.parse import urlsplit

from playwright.async_api import Page, Response, StorageState, ViewportSize

from streamer.domain.consent import Language
from streamer.domain.role import Role
from tests.browser.console import Console

OF_ROLES: Final[Mapping[str, Role | None]] = {
    "/sign-in": None,
    "/kiosk/pair": None,
    "/account": Role.RECEPTION,
    "/today": Role.RECEPTION,
    "/today/sheet": Role.RECEPTION,
    "/today/downtime": Role.RECEPTION,
    "/enrol": Role.RECEPTION,
    "/devices": Role.RECEPTION,
    "/board": Role.RECEPTION,
    "/live": Role.REVIEWER,
    "/review": Role.REVIEWER,
    "/cameras": Role.OPERATOR,
    "/users": Role.ADMIN,
    "/settings": Role.ADMIN,
    "/health": Role.ADMIN,
    "/audit": Role.AUDITOR,
    "/reports": Role.HEAD,
    "/reports/mine": Role.PRACTITIONER,
    "/reports/schedules": Role.HEAD,
    "/nowhere": Role.RECEPTION,
}
"""Pages that stand in somebody's menu beside these are found by `others`."""

KIOSK: Final = "/kiosk"
TABLET: Final = ViewportSize(width=1280, height=800)


@asynccontextmanager
async def opened(
    console: Console, path: str, role: Role | None, language: Language, tablet: StorageState | None
) -> AsyncIterator[tuple[Page, "Weight"]]:
    """A page in a browser that has nothing of it yet, once it has loaded."""
    of_tablet = {"storage_state": tablet, "viewport": TABLET} if path == KIOSK else {}
    async with console.page(role, language, **of_tablet) as page:
        weight = Weight(page)
        await page.goto(path, wait_until="load")
        await _settled(page, path)
        yield page, weight


class Weight:
    """What a page was sent, without the answers of the API."""

    def __init__(self, page: Page) -> None:
        """Begin to count."""
        self._answers: list[Response] = []
        page.on("response", self._note)

    def _note(self, answer: Response) -> None:
        if not urlsplit(answer.url).path.startswith("/api/") and answer.url.startswith("http"):
            self._answers.append(answer)

    async def sent(self) -> Mapping[str, int]:
        """Bytes on the wire, heads included, by path."""
        found = {}
        for answer in self._answers:
            sizes = await answer.request.sizes()
            found[urlsplit(answer.url).path] = (
                sizes["responseBodySize"] + sizes["responseHeadersSize"]
            )
        return found

    async def bytes(self) -> tuple[int, int]:
        """On the wire, heads included; and unpacked, without them."""
        sent = sum((await self.sent()).values())
        return sent, sum([len(await one.body()) for one in self._answers])


async def others(page: Page) -> set[str]:
    """What stands in the menu of this page."""
    links = await page.locator("#menu a").all()
    return {path for link in links if (path := await link.get_attribute("href"))}


async def paired(console: Console, name: str) -> StorageState:
    """A tablet that has been paired, by the API."""
    async with console.page(Role.RECEPTION) as desk:
        await desk.goto("/account")
        code = await desk.evaluate(_ADD, name)
    async with console.page(None) as page:
        await page.goto(f"/kiosk/pair#{code}")
        await page.locator("#pair button").click()
        await page.wait_for_url("**/kiosk")
        return await page.context.storage_state()


_ADD: Final = """
async (name) => {
  const token = document.querySelector('meta[name="csrf-token"]').content;
  const headers = { "X-CSRF-Token": token, "Content-Type": "application/json",
    "Idempotency-Key": crypto.randomUUID() };
  const body = JSON.stringify({ device_id: name, kind: "kiosk", building: "main", days: 10 });
  const answer = await fetch("/api/v1/devices", { method: "POST", headers, body });
  return (await answer.json()).code;
}
"""


async def _settled(page: Page, path: str) -> None:
    """Wait for what the page fetches before it shows anything; streams go on for ever."""
    ready = {
        "/today": "#table[aria-busy=false]",
        "/users": "#accounts tbody tr",
        "/audit": "#events tbody tr",
        "/cameras": "#cameras tbody tr",
        "/review": "#review:not([hidden]), #empty:not([hidden])",
        "/live": ".tile",
        "/devices": "#devices tbody tr, #empty:not([hidden])",
    }.get(path, "main, body")
    await page.locator(ready).first.wait_for()
