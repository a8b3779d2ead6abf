"""Checkpoints posted to a real server, over TLS, and to one that does not do as it should."""

import hashlib
import ssl
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from config.settings import Audit
from streamer.errors import OutsideError
from streamer.exchange.checkpoint_post import CheckpointPost
from tests.certificates import make_certificate
from tests.fakes.http_service import HttpService, Reply

LINE = b'{"number":1,"previous":""}'


def settings(service: HttpService, **more: object) -> Audit:
    values: dict[str, object] = {"checkpoint_url": service.url + "/keep?site=1", "timeout_s": 0.5}
    return Audit.model_validate(values | more)


async def test_the_very_line_arrives(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("Bearer hunter2\n")
    async with HttpService() as service:
        await CheckpointPost(settings(service, token_file=token)).send(LINE)
    (got,) = service.received
    assert hashlib.sha256(got.body).digest() == hashlib.sha256(LINE).digest()
    assert (got.method, got.path, got.query) == ("POST", "/keep", {"site": "1"})
    assert got.headers["authorization"] == "Bearer hunter2"
    assert got.headers["content-type"] == "application/json"


async def test_over_tls_with_a_certificate_of_the_clinics_own(tmp_path: Path) -> None:
    cert, key = make_certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    async with HttpService(tls=context) as service:
        await CheckpointPost(settings(service, ca_file=cert)).send(LINE)
        with pytest.raises(OutsideError, match=r"audit\.checkpoint_url"):
            await CheckpointPost(settings(service)).send(LINE)
    assert len(service.received) == 1


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (Reply(status=500), "answered 500"),
        (Reply(status=302, headers={"Location": "http://127.0.0.1:1/"}), "answered 302"),
        (Reply(delay_s=2.0), "no answer in 0.5 s"),
        (Reply(raw=b"nonsense\r\n\r\n"), "no HTTP"),
        (Reply(endless=True), "more than|no answer"),
    ],
)
async def test_what_goes_wrong_is_said_without_the_address(reply: Reply, words: str) -> None:
    async with HttpService(reply) as service:
        with pytest.raises(OutsideError, match=words) as error:
            await CheckpointPost(settings(service)).send(LINE)
    assert "127.0.0.1" not in str(error.value)
    with pytest.raises(OutsideError, match=r"audit\.checkpoint_url"):
        await CheckpointPost(settings_of_nobody()).send(LINE)


def settings_of_nobody() -> Audit:
    return Audit(checkpoint_url=SecretStr("http://127.0.0.1:9/keep"), timeout_s=0.5)


def test_https_only_outside_this_machine() -> None:
    with pytest.raises(ValidationError, match="https only"):
        Audit(checkpoint_url=SecretStr("http://keep.example/"))
    Audit(checkpoint_url=SecretStr("https://keep.example/"))
