"""The adapter of the national documents service against a real HTTP server: what may go wrong."""

import json
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from config.settings import Egov
from streamer.domain.person import Person
from streamer.errors import OutsideError
from streamer.exchange.egov_service import EgovService
from streamer.storage.circuit_breaker import CircuitBreaker
from tests.certificates import make_certificate
from tests.fakes.clock import FakeClock
from tests.fakes.http_service import HttpService, Reply, mutual_tls

IIN = "900101300017"
FOUND = Reply(200, json.dumps({"person": {"iin": IIN, "name": "A B"}}).encode())


def service_of(
    stand_in: HttpService, clock: FakeClock | None = None, **changes: object
) -> EgovService:
    given: dict[str, object] = {
        "url": SecretStr(stand_in.url),
        "path": "/v1/documents",
        "id_number_field": "person.iin",
        "timeout_s": 2.0,
    }
    settings = Egov.model_validate(given | changes)
    clock = clock or FakeClock()
    return EgovService(settings, CircuitBreaker(settings.away_s), clock.monotonic)


async def test_the_clinic_shows_its_certificate_and_asks_whose_code_it_is(tmp_path: Path) -> None:
    ours, theirs = make_certificate(tmp_path / "ours"), make_certificate(tmp_path / "theirs")
    context = mutual_tls((str(theirs[0]), str(theirs[1])), str(ours[0]))
    token = tmp_path / "token"
    token.write_text("Key abc")
    async with HttpService(FOUND, context) as stand_in:
        service = service_of(
            stand_in,
            cert_file=ours[0],
            key_file=ours[1],
            ca_file=theirs[0],
            token_file=token,
            code_field="document.code",
            fields={"document.kind": "id", "organisation": "clinic-1"},
        )
        assert await service.whose("123 456") == Person("iin", IIN)
        bare = service_of(stand_in, ca_file=theirs[0])
        with pytest.raises(OutsideError):
            await bare.whose("123456")
    (received,) = stand_in.received
    assert received.path == "/v1/documents"
    assert received.headers["authorization"] == "Key abc"
    assert received.json == {
        "document": {"code": "123 456", "kind": "id"},
        "organisation": "clinic-1",
    }
    assert received.peer == "127.0.0.1"


async def test_a_contract_may_be_a_query_and_list_dependants() -> None:
    answer = {"iin": 90101300017, "children": ["190501500019", 5, None, {"iin": "x"}, ""]}
    async with HttpService(Reply(200, json.dumps(answer).encode())) as stand_in:
        service = service_of(
            stand_in, method="GET", id_number_field="iin", dependants_field="children"
        )
        person = await service.whose("77")
    (received,) = stand_in.received
    assert (received.method, received.query) == ("GET", {"code": "77"})
    assert person == Person("iin", "090101300017", ("190501500019", "000000000005"))


@pytest.mark.parametrize("status", [400, 404, 410, 422])
async def test_a_code_it_does_not_know(status: int) -> None:
    async with HttpService(Reply(status)) as stand_in:
        assert await service_of(stand_in).whose("1") is None


@pytest.mark.parametrize(
    "reply",
    [
        Reply(500),
        Reply(401),
        Reply(302, headers={"Location": "http://127.0.0.1:9/"}),
        Reply(200, b"{}"),
        Reply(200, b'{"person": {"iin": true}}'),
        Reply(200, b'{"person": {"iin": "%s"}}' % (b"1" * 100)),
        Reply(200, b"garbage"),
        Reply(raw=b"garbage\r\n\r\n"),
        Reply(delay_s=4),
        Reply(endless=True),
    ],
)
async def test_while_it_is_away_it_is_left_alone_and_then_tried_again(reply: Reply) -> None:
    clock = FakeClock()
    async with HttpService(reply) as stand_in:
        service = service_of(stand_in, clock, timeout_s=1.5)
        for _ in range(5):
            with pytest.raises(OutsideError) as caught:
                await service.whose("123456")
            assert "123456" not in str(caught.value)
        assert len(stand_in.received) == 1
        stand_in.reply = FOUND
        clock.advance(31)
        assert await service.whose("123456") == Person("iin", IIN)
        assert await service.whose("123457") is not None


async def test_only_what_begins_as_the_settings_say_is_taken_for_its_qr() -> None:
    async with HttpService() as stand_in:
        assert not service_of(stand_in).reads("https://egov.kz/x")
        assert service_of(stand_in, qr_prefix="https://egov.kz/").reads("https://egov.kz/x")
    assert not EgovService(Egov(), CircuitBreaker(1), FakeClock().monotonic).there


def test_no_number_is_shown_by_whatever_holds_it() -> None:
    assert IIN not in repr(Person("iin", IIN, (IIN,)))


@pytest.mark.parametrize(
    "given",
    [{"cert_file": "c.pem"}, {"url": "http://egov.example.kz/"}, {"id_type": "name"}],
)
def test_settings_that_cannot_be_meant(given: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Egov.model_validate(given)
