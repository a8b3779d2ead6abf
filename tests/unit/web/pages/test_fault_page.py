"""A bug behind a page: the person is told in their language, with a word that the log has, too."""

from http import HTTPStatus

import httpx
import pytest
from fastapi import Request, Response
from structlog.testing import capture_logs

from streamer.domain.consent import Language
from streamer.domain.device import DeviceKind, PairedDevice
from streamer.web.application import create_application
from streamer.web.pages.rendering import Pages
from streamer.web.pages.router import page_router
from streamer.web.ports import WebParts
from streamer.web.require import PUBLIC_AND_DEVICES
from streamer.web.security.cookies import DEVICE
from tests.fakes.clock import FakeClock
from tests.fakes.entrance import entrance
from tests.fakes.identities import FakeIdentities
from tests.integration.storage.clinic import NOW

TITLES = {
    Language.EN: "The service has made a mistake",
    Language.RU: "Произошла ошибка сервиса",
    Language.KK: "Қызмет қателесті",
}
A_PERSON = {"Accept": "text/html"}


async def answered(headers: dict[str, str], *, all_pages: bool = False) -> httpx.Response:
    """What a page answers that has a bug; or all of them have, this one's telling included."""
    identities, broken = FakeIdentities(), page_router()
    identities.add_device(PairedDevice("tablet-7", DeviceKind.KIOSK, "main"), "a-token")
    application = create_application(WebParts("s1", FakeClock(NOW), entrance(identities)))

    @broken.get("/broken/{ref}", dependencies=[PUBLIC_AND_DEVICES])
    async def bug(request: Request, pages: Pages, ref: str) -> Response:
        if all_pages:
            del request.app.state.parts
        raise RuntimeError(f"Anna Ahmetova, {ref}")

    application.include_router(broken)
    transport = httpx.ASGITransport(application, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        return await client.get("/broken/900101300123", headers=headers)


@pytest.mark.parametrize("language", list(Language))
async def test_a_person_is_told_what_to_do_and_the_log_where_it_was(language: Language) -> None:
    with capture_logs() as logs:
        answer = await answered(A_PERSON | {"Accept-Language": language.value})
    (line,) = [one for one in logs if one["event"] == "request failed"]
    assert answer.status_code == HTTPStatus.INTERNAL_SERVER_ERROR
    assert answer.headers["content-type"].startswith("text/html")
    assert TITLES[language] in answer.text
    assert f">{line['fault']}<" in answer.text
    assert line["route"] == "GET /broken/{ref}"
    assert any("test_fault_page.py" in one for one in line["where"])
    assert "Ahmetova" not in answer.text + str(logs)
    # As safe as every other page.
    assert answer.headers["content-security-policy"].startswith("default-src 'none'; script-src")
    assert answer.headers["x-frame-options"] == "DENY"


async def test_two_faults_can_be_told_apart() -> None:
    with capture_logs() as logs:
        await answered(A_PERSON)
        await answered(A_PERSON)
    assert len({one["fault"] for one in logs}) == 2


async def test_a_tablet_is_led_back_to_its_own_page() -> None:
    answer = await answered(A_PERSON | {"Cookie": f"{DEVICE}=a-token"})
    assert answer.status_code == HTTPStatus.INTERNAL_SERVER_ERROR
    assert 'href="/kiosk"' in answer.text
    assert 'href="/"' not in answer.text.partition("<main")[2]


async def test_a_program_is_told_by_a_problem() -> None:
    answer = await answered({"Accept": "application/json"})
    assert answer.json()["type"] == "urn:kirdi:problem:fault"
    assert answer.json()["fault"]


async def test_where_no_page_can_be_made_the_fault_is_told_all_the_same() -> None:
    with capture_logs() as logs:
        answer = await answered(A_PERSON, all_pages=True)
    assert answer.status_code == HTTPStatus.INTERNAL_SERVER_ERROR
    # Both bugs are under one word.
    assert [one["fault"] for one in logs] == [answer.json()["fault"]] * 2
