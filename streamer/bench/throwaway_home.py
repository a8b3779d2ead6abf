"""The home folder of one benchmark: its database, its key and the templates of the clip's people.

Gone at its end; what a killed benchmark left, its servers included, is removed by the next one.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from streamer.embedded.demo.run_folder import run_folder
from streamer.home_site import NAME
from streamer.models_folder import models_folder


@asynccontextmanager
async def throwaway_home(folder: Path, models: Path | None) -> AsyncIterator[Path]:
    """Make one, 0700, off the event loop: clearing away may take seconds.

    Args:
        folder: Where those of all benchmarks lie.
        models: Folder of model packs to use; built in the throwaway home where it is None.

    Raises:
        EmbeddedError: It cannot be made.
    """
    manager = run_folder(folder)
    home = await asyncio.to_thread(manager.__enter__)
    try:
        if models is not None:
            models_folder(home).symlink_to(models)
        yield home
    finally:
        await asyncio.to_thread(manager.__exit__, None, None, None)


async def next_site(home: Path) -> None:
    """Let another made-up site have the home: what was measured of the one before is over."""
    await asyncio.to_thread((home / NAME).unlink, missing_ok=True)
