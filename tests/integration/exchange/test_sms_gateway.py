"""The SMS adapter against a real HTTP server: what it sends, and what may go wrong."""

import ssl
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from config.settings import Sms
from streamer.errors import InputError, OutsideError
from streamer.exchange.sms_gateway import SmsGateway
from tests.certificates import make_certificate
from tests.fakes.http_service import HttpService, Reply, mutual_tls
from tests.servers import free_port

PHONE, TEXT, TOKEN = "+77012345678", "Код 123456", "s3cret-token"


def settings(service: HttpService, **changes: object) -> Sms:
    given = {"url": SecretStr(f"{service.url}/send?key=hidden"), "timeout_s": 2.0}
    return Sms.model_validate(given | changes)


async def test_a_message_is_posted_once_with_its_secret(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text(f"{TOKEN}\n")
    async with HttpService() as service:
        chosen = settings(
            service,
            token_file=token,
            headers={"X-Sender": "clinic"},
            body={"recipient": "{phone}", "message": "{text}", "from": "Clinic"},
        )
        await SmsGateway(chosen).send(PHONE, TEXT)
    (received,) = service.received
    assert (received.method, received.path, received.query) == ("POST", "/send", {"key": "hidden"})
    assert received.headers["authorization"] == f"Bearer {TOKEN}"
    assert received.headers["x-sender"] == "clinic"
    assert received.json == {"recipient": PHONE, "message": TEXT, "from": "Clinic"}


async def test_a_gateway_may_want_a_form_and_another_header(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text(TOKEN)
    async with HttpService() as service:
        chosen = settings(
            service, format="form", token_file=token, token_header="X-Key", token_prefix=""
        )
        await SmsGateway(chosen).send(PHONE, TEXT)
    (received,) = service.received
    assert received.form == {"to": PHONE, "text": TEXT}
    assert received.headers["x-key"] == TOKEN


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (Reply(500, b"oops"), "HTTP 500"),
        (Reply(401), "HTTP 401"),
        (Reply(delay_s=2), "no answer in 0.5 s"),
        (Reply(endless=True), "more than 64 KiB|no answer"),
        (Reply(raw=b"\x00\x01garbage\r\n\r\n"), "no HTTP"),
        (Reply(raw=b""), "no HTTP"),
        (Reply(200, b"<html>", {"Content-Encoding": "gzip"}), "no HTTP"),
    ],
)
async def test_what_a_gateway_does_wrong(reply: Reply, words: str) -> None:
    async with HttpService(reply) as service:
        with pytest.raises(OutsideError, match=words) as caught:
            await SmsGateway(settings(service, timeout_s=0.5)).send(PHONE, TEXT)
    shown = f"{caught.value}"
    for secret in (PHONE, "123456", "hidden", "127.0.0.1"):
        assert secret not in shown
    assert len(service.received) == 1, "it may have been sent: never twice"


@pytest.mark.parametrize("headers", [{"X Y": "a"}, {"X-A": "b\nc"}, {"X-A": "сәлем"}])
async def test_headers_that_are_none(headers: dict[str, str]) -> None:
    async with HttpService() as service:
        with pytest.raises(OutsideError, match=r"see sms\.url, sms\.headers"):
            await SmsGateway(settings(service, headers=headers)).send(PHONE, TEXT)
    assert service.received == []


async def test_no_redirect_is_followed_with_the_secret(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text(TOKEN)
    async with HttpService() as elsewhere:
        reply = Reply(307, headers={"Location": f"{elsewhere.url}/steal"})
        async with HttpService(reply) as service:
            with pytest.raises(OutsideError, match="points elsewhere"):
                await SmsGateway(settings(service, token_file=token)).send(PHONE, TEXT)
    assert elsewhere.received == []


@pytest.mark.parametrize(
    ("body", "taken"),
    [
        (b'{"result": {"code": 0}}', True),
        (b'{"result": {"code": "OK"}}', True),
        (b'{"result": {"code": 17}}', False),
        (b'{"result": []}', False),
        (b"OK", False),
        (b"", False),
        (b"[" * 50_000, False),
    ],
)
async def test_some_gateways_say_no_with_status_200(body: bytes, taken: bool) -> None:
    async with HttpService(Reply(200, body)) as service:
        gateway = SmsGateway(settings(service, accepted_field="result.code"))
        if taken:
            await gateway.send(PHONE, TEXT)
        else:
            with pytest.raises(OutsideError, match=r"did not say in result\.code"):
                await gateway.send(PHONE, TEXT)


async def test_nobody_is_there() -> None:
    chosen = Sms(url=SecretStr(f"http://127.0.0.1:{free_port()}/"))
    with pytest.raises(OutsideError, match="cannot be reached"):
        await SmsGateway(chosen).send(PHONE, TEXT)
    with pytest.raises(InputError, match=r"sms\.url: is not set"):
        await SmsGateway(Sms()).send(PHONE, TEXT)


async def test_a_certificate_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    files = make_certificate(tmp_path)
    context = mutual_tls((str(files[0]), str(files[1])), str(files[0]))
    context.verify_mode = ssl.CERT_NONE
    async with HttpService(tls=context) as service:
        with pytest.raises(OutsideError, match="certificate is not trusted"):
            await SmsGateway(settings(service)).send(PHONE, TEXT)
        await SmsGateway(settings(service, ca_file=files[0])).send(PHONE, TEXT)
    assert len(service.received) == 1


@pytest.mark.parametrize("content", ["", "two\nlines", None])
async def test_a_secret_that_cannot_be_used(tmp_path: Path, content: str | None) -> None:
    token = tmp_path / "token"
    if content is not None:
        token.write_text(content)
    async with HttpService() as service:
        with pytest.raises(OutsideError, match=r"sms\.token_file"):
            await SmsGateway(settings(service, token_file=token)).send(PHONE, TEXT)
    assert service.received == []


@pytest.mark.parametrize(
    "given",
    [
        {"url": "http://sms.example.kz/"},
        {"url": "ftp://sms.example.kz/"},
        {"url": "https://sms.example.kz/", "body": {"to": "{phone}"}},
    ],
)
def test_settings_that_would_give_codes_away_are_refused(given: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Sms.model_validate(given)
