"""One real service and one Chromium for all tests of the console in a process."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.acceptance.conftest import built_models, unused  # noqa: F401  the fixtures
from tests.acceptance.kirdi import Kirdi
from tests.browser.console import Console, launched, open_console

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All of them run in one event loop: the browser's connection belongs to it."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Debian's Chromium, without a window and without a camera."""
    async with launched() as opened:
        yield opened


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def console(
    browser: Browser,
    built_models: Path,  # noqa: F811
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Console]:
    """A clinic with its service, a simulated camera, patients and accounts."""
    kirdi = Kirdi(tmp_path_factory.mktemp("console"))
    kirdi.home.mkdir(mode=0o700)
    shutil.copytree(built_models, kirdi.home / "models")
    async with open_console(kirdi, browser) as opened:
        yield opened
