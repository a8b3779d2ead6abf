"""The real server in this process, on a free port, and clients of it."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager

import httpx

from streamer.domain.role import Role
from streamer.web.application import create_application
from streamer.web.ports import WebParts
from streamer.web.server import WebServer
from tests.fakes.identities import FakeIdentities


class ServedApi:
    """What a test does with a server that runs."""

    def __init__(self, url: str, identities: FakeIdentities, stack: AsyncExitStack) -> None:
        self.url = url
        self.identities = identities
        self._stack = stack

    async def client(self, token: str | None = None) -> httpx.AsyncClient:
        """A client with an API token, or nobody; closed after the test."""
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        client = httpx.AsyncClient(base_url=f"{self.url}/api/v1", headers=headers, timeout=20)
        return await self._stack.enter_async_context(client)

    async def as_role(
        self,
        *roles: Role,
        account: str = "somebody",
        practitioner_refs: Iterable[str] = (),
        cameras: Iterable[str] | None = None,
    ) -> httpx.AsyncClient:
        """A client of somebody with these roles."""
        return await self.client(
            self.identities.add(
                *roles, account=account, practitioner_refs=practitioner_refs, cameras=cameras
            )
        )


@asynccontextmanager
async def served(parts: WebParts, identities: FakeIdentities) -> AsyncIterator[ServedApi]:
    """Serve an application until the end of the block."""
    server, stop = WebServer(create_application(parts), "127.0.0.1", 0), asyncio.Event()
    host, port = server.bind()
    running = asyncio.create_task(server.run(stop))
    async with AsyncExitStack() as stack:
        try:
            yield ServedApi(f"http://{host}:{port}", identities, stack)
        finally:
            await stack.aclose()
            stop.set()
            await running
