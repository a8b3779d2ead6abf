"""Signing in at a real OpenID Connect provider, and everything that must not work on the way."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit, urlunsplit

import httpx
import pytest
from pydantic import SecretStr

from config.settings import Oidc, Settings, Web
from streamer.clock import SystemClock
from streamer.domain.account import Identity
from streamer.domain.actor import Actor
from streamer.domain.role import Role
from tests.integration.storage.clinic import SITE
from tests.integration.web.conftest import Serve
from tests.integration.web.provider_process import SECRET, installed, provider
from tests.integration.web.served import ServedApi, cookies_of
from tests.servers import free_port

# Real servers that come and go: most tests take several seconds.
pytestmark = pytest.mark.long

ROLES = {"kirdi-desk": "reception", "kirdi-doctors": "practitioner"}
SIGN_IN = "/oidc/sign-in"


class Browser:
    """Two origins, a cookie jar for each, and no script."""

    def __init__(self, api: ServedApi, kirdi: httpx.AsyncClient, user: str) -> None:
        self.api = api
        self.kirdi = kirdi
        self.jar: dict[str, str] = {}
        self._provider = httpx.AsyncClient(headers={"x-test-user": user}, timeout=20)

    async def ask(self, path: str, **more: object) -> httpx.Response:
        cookie = "; ".join(f"{name}={value}" for name, value in self.jar.items())
        answer = await self.kirdi.get(path, headers={"Cookie": cookie}, **more)  # type: ignore[arg-type]
        for name, value in cookies_of(answer).items():
            self.jar[name] = value
            if value in ("", '""'):
                del self.jar[name]
        return answer

    async def leave(self, return_to: str = "/console") -> str:
        """To the provider; returns where the provider then sends the browser."""
        answer = await self.ask(SIGN_IN, params={"return_to": return_to})
        assert answer.status_code == 303, answer.text
        return await self.at_provider(answer.headers["location"])

    async def at_provider(self, url: str) -> str:
        for _ in range(10):
            if url.startswith(self.api.url):
                return url.removeprefix(f"{self.api.url}/api/v1")
            answer = await self._provider.get(url)
            assert answer.status_code in (302, 303), answer.text
            url = str(httpx.URL(url).join(answer.headers["location"]))
        raise AssertionError("the provider sends us round in circles")

    async def sign_in(self, return_to: str = "/console") -> httpx.Response:
        return await self.ask(await self.leave(return_to))

    async def me(self) -> dict[str, object]:
        found: dict[str, object] = (await self.ask("/session")).json()
        return found

    async def close(self) -> None:
        await self._provider.aclose()


@pytest.fixture(scope="module", autouse=True)
def _installed() -> None:
    installed()


@pytest.fixture
def ports() -> tuple[int, int]:
    return free_port(), free_port()


@asynccontextmanager
async def clinic_with(
    serve: Serve, ports: tuple[int, int], **more: object
) -> AsyncIterator[ServedApi]:
    """The real server with a provider in its settings, which need not run."""
    kirdi, other = ports
    public = f"http://127.0.0.1:{kirdi}"
    rules = {
        "issuer": f"http://127.0.0.1:{other}",
        "client_id": "kirdi",
        "client_secret": SecretStr(SECRET),
        "roles": ROLES,
        "practitioner_claim": "practitioner",
    }
    settings = Settings(
        site=SITE,
        web=Web(port=kirdi, public_url=public),
        oidc=Oidc.model_validate(rules | more),
    )
    async with serve(settings, SystemClock()) as api:
        yield api


@asynccontextmanager
async def browser(api: ServedApi, user: str = "anna") -> AsyncIterator[Browser]:
    made = Browser(api, await api.client(), user)
    try:
        yield made
    finally:
        await made.close()


def public(ports: tuple[int, int]) -> str:
    return f"http://127.0.0.1:{ports[0]}"


async def started(ports: tuple[int, int], offset_s: int = 0):  # type: ignore[no-untyped-def]
    manager = provider(ports[1], public(ports), offset_s)
    await asyncio.to_thread(manager.__enter__)
    return manager


@pytest.fixture
async def running(ports: tuple[int, int]) -> AsyncIterator[None]:
    manager = await started(ports)
    yield
    manager.__exit__(None, None, None)


@pytest.mark.usefixtures("running")
async def test_somebody_signs_in_is_who_the_provider_says_and_signs_out(
    serve: Serve, ports: tuple[int, int]
) -> None:
    async with clinic_with(serve, ports) as api, browser(api, "doctor") as one:
        leaving = await one.ask(SIGN_IN, params={"return_to": "/console?day=1"})
        asked = parse_qs(urlsplit(leaving.headers["location"]).query)
        assert asked["code_challenge_method"] == ["S256"]
        assert asked["response_type"] == ["code"]
        assert asked["state"]
        assert asked["nonce"]
        cookie = leaving.headers["set-cookie"]
        assert all(flag in cookie for flag in ("HttpOnly", "Secure", "SameSite=lax"))
        back = await one.ask(await one.at_provider(leaving.headers["location"]))
        assert back.status_code == 303
        assert back.headers["location"] == "/console?day=1"
        me = await one.me()
        assert (me["account"], me["roles"]) == ("dr.one", ["practitioner"])
        assert me["practitioner_refs"] == ["D-1"]
        # What belonged to the way there is gone.
        assert list(one.jar) == ["__Host-kirdi"]
        out = await one.kirdi.delete(
            "/session",
            headers={
                "Cookie": f"__Host-kirdi={one.jar['__Host-kirdi']}",
                "X-CSRF-Token": str(me["csrf_token"]),
            },
        )
        assert out.json()["provider_url"].startswith(f"http://127.0.0.1:{ports[1]}/session/end?")
        assert (await one.ask("/session")).status_code == 401

    account = await api.backend.accounts.find("dr.one")
    assert account is not None
    assert account.identity == Identity(f"http://127.0.0.1:{ports[1]}", "doctor")
    # A password would be a second way in that the provider knows nothing of.
    assert account.password_hash is None


@pytest.mark.usefixtures("running")
async def test_who_is_nobody_here_is_not_let_in(serve: Serve, ports: tuple[int, int]) -> None:
    async with clinic_with(serve, ports) as api:
        async with browser(api, "stranger") as one:
            answer = await one.sign_in()
            assert (answer.status_code, answer.json()["type"]) == (
                403,
                "urn:kirdi:problem:forbidden",
            )
            assert one.jar == {}
        async with browser(api, "nobody") as one:
            answer = await one.ask(await one.leave(), follow_redirects=False)
            assert answer.status_code == 403
            assert "broken off" in answer.json()["detail"]
        assert await api.backend.accounts.listed() == []


@pytest.mark.usefixtures("running")
async def test_a_name_is_no_proof_and_a_link_keeps_the_roles_given_here(
    serve: Serve, ports: tuple[int, int]
) -> None:
    async with clinic_with(serve, ports) as api:
        await api.account("anna", Role.ADMIN)
        async with browser(api) as one:
            await one.sign_in()
            me = await one.me()
            # There is a local admin of that name: it is somebody else.
            assert str(me["account"]).startswith("oidc-")
            assert me["roles"] == ["reception"]
            await api.backend.accounts.disable(
                str(me["account"]), Actor("t"), api.backend.clock.now()
            )
            assert (await one.sign_in()).status_code == 403
        await api.account("dr", Role.HEAD)
        doctor = Identity(f"http://127.0.0.1:{ports[1]}", "doctor")
        await api.backend.accounts.link("dr", doctor, Actor("t"), api.backend.clock.now())
        async with browser(api, "doctor") as one:
            await one.sign_in()
            me = await one.me()
            assert (me["account"], me["roles"]) == ("dr", ["head"])


@pytest.mark.usefixtures("running")
async def test_what_one_browser_began_no_other_ends(serve: Serve, ports: tuple[int, int]) -> None:
    async with clinic_with(serve, ports) as api:
        async with browser(api) as attacker, browser(api) as victim:
            link = await attacker.leave()
            # The attacker has the victim open their link, to be signed in as the attacker.
            assert (await victim.ask(link)).status_code == 400
            # Also where the victim is on a way of their own.
            await victim.ask(SIGN_IN)
            answer = await victim.ask(link)
            assert answer.status_code == 400
            assert "__Host-kirdi" not in victim.jar
        async with browser(api) as one:
            link = await one.leave()
            way = dict(one.jar)
            for name, value in (
                ("state", "other"),
                ("code", "guessed"),
                ("iss", "https://evil.example"),
            ):
                kept = dict(one.jar)
                answer = await one.ask(changed(link, name, value))
                assert answer.status_code in (400, 403, 502), name
                assert "__Host-kirdi" not in one.jar
                one.jar = kept
            assert (await one.ask(link)).status_code == 303
            # The cookie of the way is gone, and the code used: once more leads nowhere.
            one.jar.pop("__Host-kirdi")
            assert (await one.ask(link)).status_code == 400
            one.jar = dict(way)
            assert (await one.ask(link)).status_code == 502


@pytest.mark.usefixtures("running")
@pytest.mark.parametrize(
    "wanted", ["//evil.example", "https://evil.example", "/\\evil.example", "/\t//evil.example"]
)
async def test_nobody_is_sent_elsewhere_afterwards(
    serve: Serve, ports: tuple[int, int], wanted: str
) -> None:
    async with clinic_with(serve, ports) as api, browser(api) as one:
        answer = await one.sign_in(wanted)
        assert (answer.status_code, answer.headers["location"]) == (303, "/")


async def test_new_keys_and_a_provider_that_comes_and_goes(
    serve: Serve, ports: tuple[int, int]
) -> None:
    async with clinic_with(serve, ports) as api, browser(api) as one:
        away = await one.ask(SIGN_IN)
        assert (away.status_code, away.json()["type"]) == (502, "urn:kirdi:problem:provider-away")
        page = await one.kirdi.get(SIGN_IN, headers={"Accept": "text/html"})
        assert page.status_code == 502
        assert page.headers["content-type"].startswith("text/html")
        assert "does not answer" in page.text
        first = await started(ports)
        assert (await one.sign_in()).status_code == 303
        first.__exit__(None, None, None)
        # Signed in one stays, whatever becomes of the provider.
        assert (await one.me())["roles"] == ["reception"]
        second = await started(ports)
        async with browser(api, "doctor") as other:
            assert (await other.sign_in()).status_code == 303
            link = await other.leave()
            second.__exit__(None, None, None)
            assert (await other.ask(link)).status_code == 502


@pytest.mark.parametrize("offset_s", [900, -900])
async def test_clocks_that_differ_are_named(
    serve: Serve, ports: tuple[int, int], offset_s: int
) -> None:
    manager = await started(ports, offset_s)
    try:
        async with clinic_with(serve, ports) as api, browser(api) as one:
            answer = await one.sign_in()
            assert answer.status_code == 502
            assert "clock" in answer.json()["detail"]
            assert "__Host-kirdi" not in one.jar
    finally:
        manager.__exit__(None, None, None)


@pytest.mark.usefixtures("running")
async def test_another_issuer_than_the_settings_name_is_not_believed(
    serve: Serve, ports: tuple[int, int]
) -> None:
    other = f"http://localhost:{ports[1]}"
    async with clinic_with(serve, ports, issuer=other) as api, browser(api) as one:
        answer = await one.ask(SIGN_IN)
        assert answer.status_code == 502
        assert "it calls itself something else than was set here" in answer.json()["detail"]


@pytest.mark.usefixtures("running")
async def test_a_wrong_client_secret_is_told_without_it(
    serve: Serve, ports: tuple[int, int]
) -> None:
    wrong = {"client_secret": SecretStr("mistyped by the administrator")}
    async with clinic_with(serve, ports, **wrong) as api, browser(api) as one:
        answer = await one.sign_in()
        assert answer.status_code == 502
        assert "invalid_client" in answer.json()["detail"]
        assert "mistyped" not in answer.text


async def test_without_a_provider_there_is_no_such_way(api: ServedApi) -> None:
    client = await api.client()
    assert (await client.get(SIGN_IN)).status_code == 404
    assert (await client.get("/oidc/callback?code=a&state=b")).status_code == 404


def changed(link: str, name: str, value: str) -> str:
    parts = urlsplit(link)
    query = dict(parse_qsl(parts.query)) | {name: value}
    return urlunsplit(parts._replace(query=urlencode(query)))
