"""Writing to a client that may not read. Used by `connection` and the interleaved output."""

import asyncio


class StalledError(ConnectionError):
    """The client left what it was sent unread for too long and has been cut off."""


class ClientWriter:
    """A stream writer whose waiting data is bounded in bytes and in time."""

    def __init__(
        self, writer: asyncio.StreamWriter, *, output_bytes: int, stall_timeout_s: float
    ) -> None:
        self._writer = writer
        self._stall_timeout_s = stall_timeout_s
        writer.transport.set_write_buffer_limits(high=output_bytes)

    async def send(self, data: bytes) -> None:
        """Send, waiting while more than the bound is unread.

        Raises:
            StalledError: The client read too little for the stall time-out; it is cut off.
            ConnectionError: The client is gone.
        """
        self._writer.write(data)
        try:
            async with asyncio.timeout(self._stall_timeout_s):
                await self._writer.drain()
        except TimeoutError as error:
            self.abort()
            raise StalledError("client reads too slowly") from error

    def abort(self) -> None:
        """Drop the connection and everything unsent."""
        self._writer.transport.abort()

    async def close(self) -> None:
        """Hang up once everything is sent; what the client leaves unread is dropped in time."""
        self._writer.close()
        try:
            async with asyncio.timeout(self._stall_timeout_s):
                await self._writer.wait_closed()
        except (TimeoutError, ConnectionError):
            pass  # Nothing is left to tell this client.
        finally:
            self.abort()
