"""Every page: no serious fault of accessibility in light or dark, and light enough to be sent."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, ViewportSize

from streamer.domain.consent import Language
from tests.browser.console import Console, screenshot
from tests.browser.pages import KIOSK, OF_ROLES, opened, others, paired
from tests.npm import installed

MOST_BYTES = 150_000
PHONE = ViewportSize(width=360, height=740)
FOR_SCREENS = (KIOSK, "/board", "/today/sheet")
"""Of tablets, of walls, of paper."""

# Dialogs are opened one by one: what a page holds closed is judged, too.
_JUDGED = """
async (rules) => {
  const options = { resultTypes: ["violations"] };
  if (rules) options.runOnly = { type: "rule", values: rules };
  const found = [];
  const judge = async (place, name) => {
    const { violations } = await axe.run(place, options);
    for (const one of violations.filter(({ impact }) => ["serious", "critical"].includes(impact)))
      for (const node of one.nodes) found.push(`${name} ${one.id}: ${node.html.slice(0, 160)}`);
  };
  await judge(document, "page");
  for (const dialog of document.querySelectorAll("dialog:not([open])")) {
    dialog.showModal();
    await judge(dialog, `#${dialog.id}`);
    dialog.close();
  }
  return found;
}
"""


# Twenty pages, each in a browser of its own: minutes where the machine is busy.
@pytest.mark.timeout(500)
@pytest.mark.parametrize("language", list(Language))
async def test_no_serious_fault_of_accessibility_and_150_kb_at_most(
    console: Console, language: Language
) -> None:
    axe = installed(Path(__file__).parent / "axe", "axe") / "node_modules" / "axe-core"
    source = (axe / "axe.min.js").read_text(encoding="utf-8")
    tablet = await paired(console, f"tablet-{language.value}")
    waiting = {**OF_ROLES, KIOSK: None}
    walked: set[str] = set()
    faults: list[str] = []
    while waiting:
        path, role = waiting.popitem()
        async with opened(console, path, role, language, tablet) as (page, weight):
            await page.evaluate(source)
            for colours, rules in (("light", None), ("dark", ["color-contrast"])):
                await page.emulate_media(color_scheme=colours)  # type: ignore[arg-type]
                faults += [f"{path} {colours} {one}" for one in await judged(page, rules)]
                if colours == "light" or language is Language.EN:
                    await screenshot(page, f"every{path.replace('/', '-')}-{colours}-{language}")
            if language is not Language.EN and path not in FOR_SCREENS:
                # Theirs are the longest words.
                await page.set_viewport_size(PHONE)
                await screenshot(page, f"every{path.replace('/', '-')}-phone-{language}")
                wide = await page.evaluate("document.documentElement.scrollWidth")
                assert wide <= PHONE["width"], path
            sent, unpacked = await weight.bytes()
            assert 0 < sent < MOST_BYTES, path
            assert 0 < unpacked < MOST_BYTES, path
            walked.add(path)
            waiting |= {one: role for one in await others(page) if one not in walked}
    assert "/kiosk" in walked
    assert faults == []


async def judged(page: Page, rules: Sequence[str] | None) -> Sequence[Any]:
    """What axe finds serious or critical, by its rules or by all of them."""
    found: list[str] = await page.evaluate(_JUDGED, rules)
    return found
