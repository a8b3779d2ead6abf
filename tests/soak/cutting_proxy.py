"""Stands between a camera and its decoder, and cuts every connection off after a while."""

import asyncio

from tests.fakes.loopback_server import LoopbackServer


class CuttingProxy(LoopbackServer):
    """Passes bytes on until it cuts the connection off, in the middle of whatever is being sent."""

    def __init__(self, port: int, after_s: float) -> None:
        """Make a proxy; nothing is opened.

        Args:
            port: Of the camera, on the loopback.
            after_s: How long a connection lasts.
        """
        super().__init__()
        self._behind = port
        self._after_s = after_s
        self.cuts = 0

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            camera_reader, camera_writer = await asyncio.open_connection("127.0.0.1", self._behind)
        except OSError:
            writer.transport.abort()
            return
        try:
            async with asyncio.timeout(self._after_s), asyncio.TaskGroup() as tasks:
                tasks.create_task(_pass_on(reader, camera_writer))
                tasks.create_task(_pass_on(camera_reader, writer))
        except TimeoutError:
            self.cuts += 1
        finally:
            # No closing words: as when a camera loses its power.
            writer.transport.abort()
            camera_writer.transport.abort()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    writer.close()
