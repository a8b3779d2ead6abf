"""The real server in this process, on a free port, and clients of it."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta

import httpx
from fastapi import FastAPI

from config.settings import Web
from streamer.backend import Backend
from streamer.crypto.passwords import Passwords
from streamer.domain.account import Account, NewAccount
from streamer.domain.actor import SERVICE
from streamer.domain.role import Role
from streamer.web.permissions import Permission
from streamer.web.server import WebServer

PASSWORD = "four cats on a warm roof"


def quick(backend: Backend) -> Passwords:
    """Hashes that cost nothing."""
    return Passwords(backend.database.web_secrets.pepper, time_cost=1, memory_kib=8)


class ServedApi:
    """What a test does with a server that runs."""

    def __init__(
        self, url: str, backend: Backend, application: FastAPI, stack: AsyncExitStack
    ) -> None:
        self.url = url
        self.application = application
        self.backend = backend
        self._stack = stack

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    async def client(self, token: str | None = None) -> httpx.AsyncClient:
        """A client with an API token, or nobody; closed after the test."""
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        client = httpx.AsyncClient(
            base_url=f"{self.url}/api/v1", headers=headers, timeout=20, verify=False
        )
        return await self._stack.enter_async_context(client)

    async def account(
        self,
        name: str,
        *roles: Role,
        practitioner_refs: Iterable[str] = (),
        cameras: Iterable[str] | None = None,
    ) -> Account:
        """An account whose password is PASSWORD; the one there is, if there is one."""
        found = await self.backend.accounts.find(name)
        if found is not None:
            return found
        new = NewAccount(
            name,
            tuple(roles),
            tuple(practitioner_refs),
            None if cameras is None else tuple(cameras),
            quick(self.backend).hash(PASSWORD),
        )
        return await self.backend.accounts.add(new, SERVICE, self.backend.clock.now())

    async def token(self, account: str, scopes: Iterable[str] = tuple(Permission)) -> str:
        """A token of an account, for a day."""
        now = self.backend.clock.now()
        day = timedelta(days=1)
        made = await self.backend.tokens.create(account, "test", list(scopes), day, SERVICE, now)
        return made[1]

    async def as_role(
        self,
        *roles: Role,
        account: str | None = None,
        practitioner_refs: Iterable[str] = (),
        cameras: Iterable[str] | None = None,
    ) -> httpx.AsyncClient:
        """A client of somebody with these roles, by a token for all that they may."""
        name = account or f"somebody-{secrets.token_hex(4)}"
        await self.account(name, *roles, practitioner_refs=practitioner_refs, cameras=cameras)
        return await self.client(await self.token(name))

    async def signed_in(self, name: str) -> tuple[httpx.AsyncClient, str]:
        """A browser in which an account has signed in, and the session's secret."""
        client = await self.client()
        answer = await client.post("/session", json={"account": name, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        client.headers["X-CSRF-Token"] = answer.json()["csrf_token"]
        return client, keep_cookie(client, answer)


def keep_cookie(client: httpx.AsyncClient, answer: httpx.Response) -> str:
    """As a browser on this machine does: a Secure cookie is sent to the loopback in the clear."""
    secret = cookies_of(answer)["__Host-kirdi"]
    client.headers["Cookie"] = f"__Host-kirdi={secret}"
    return secret


def cookies_of(answer: httpx.Response) -> dict[str, str]:
    """Name to value of what an answer sets."""
    pairs = [one.partition(";")[0] for one in answer.headers.get_list("set-cookie")]
    return {name: value for name, _, value in (one.partition("=") for one in pairs)}


@asynccontextmanager
async def served(
    application: FastAPI, backend: Backend, web: Web | None = None
) -> AsyncIterator[ServedApi]:
    """Serve an application until the end of the block."""
    stopping = application.state.parts.stopping
    server = WebServer(application, web or Web(port=0), backend.clock, stopping)
    stop = asyncio.Event()
    url = server.bind()
    running = asyncio.create_task(server.run(stop))
    async with AsyncExitStack() as stack:
        try:
            yield ServedApi(url, backend, application, stack)
        finally:
            await stack.aclose()
            stop.set()
            await running
