"""One real service and one Chromium for all tests of the console in a process.

They end with these tests: a service goes on looking at its camera, whatever runs beside it.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.acceptance.conftest import copied, unused  # noqa: F401  a fixture
from tests.acceptance.kirdi import Kirdi
from tests.browser.console import Console, launched, open_console

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark them `browser`; all run in one event loop: the browser's connection belongs to it."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Debian's Chromium, without a window and without a camera."""
    async with launched() as opened:
        yield opened


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def console(
    browser: Browser,
    unused: Kirdi,  # noqa: F811
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Console]:
    """A clinic with its service, a simulated camera, patients and accounts."""
    kirdi = copied(unused, tmp_path_factory.mktemp("console"))
    async with open_console(kirdi, browser) as opened:
        yield opened
