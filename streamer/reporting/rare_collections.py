"""Has Python look for garbage more rarely while a million records are made. Used by `runs`.

Records of a report hold each other in no circle: looking for circles among them after every 700 of
them finds nothing, and took two fifths of the time.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_RARE: Final = (500_000, 20, 100)
"""Other work of the process goes on meanwhile, so that looking does not stop altogether."""


class _Now:
    """How many are making records, and what is put back by the last of them."""

    users = 0
    usual = gc.get_threshold()


@contextmanager
def rare_collections() -> Iterator[None]:
    """Until the last of all that are within has left. On the event loop's thread only."""
    if not _Now.users:
        _Now.usual = gc.get_threshold()
        gc.set_threshold(*_RARE)
    _Now.users += 1
    try:
        yield
    finally:
        _Now.users -= 1
        if not _Now.users:
            gc.set_threshold(*_Now.usual)
