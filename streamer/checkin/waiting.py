"""Waiting for whichever comes first. Used by the tasks of this package."""

import asyncio


async def wait_for_any(*events: asyncio.Event) -> None:
    """Return as soon as one of the events is set; leaves no task behind."""
    waits = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for one in waits:
            one.cancel()
