"""Waits on the event loop until a descriptor can be read. Used for sockets and process handles."""

import asyncio


async def readable(descriptor: int, timeout_s: float, stop: asyncio.Event) -> bool:
    """Whether `descriptor` can be read before the time-out, and before `stop` is set."""
    loop = asyncio.get_running_loop()
    arrived: asyncio.Future[None] = loop.create_future()

    def arrive() -> None:
        if not arrived.done():
            arrived.set_result(None)

    stopped = asyncio.ensure_future(stop.wait())
    loop.add_reader(descriptor, arrive)
    try:
        await asyncio.wait(
            (arrived, stopped), timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED
        )
    finally:
        loop.remove_reader(descriptor)
        stopped.cancel()
    if stopped.done():
        stopped.result()
    return arrived.done()
