"""Reports told to a real server by a signed POST, and to servers that do not do as they should."""

import base64
import hashlib
import hmac
import json
from pathlib import Path

import pytest

from config.settings import Destination
from streamer.errors import OutsideError
from streamer.exchange.deliver.webhook import WebhookDelivery
from tests.certificates import make_certificate
from tests.fakes.clock import FakeClock
from tests.fakes.http_service import HttpService, Reply
from tests.integration.exchange.parcels import FILES, LINK, NOW, SECRET, parcel, serving


def delivery(url: str, **more: object) -> WebhookDelivery:
    values: dict[str, object] = {
        "id": "insurer",
        "webhook": url,
        "secret": SECRET,
        "timeout_s": 0.5,
    }
    return WebhookDelivery(Destination.model_validate(values | more), FakeClock(NOW))


async def test_a_receiver_can_check_who_sent_it_and_when() -> None:
    async with HttpService() as service:
        sender = delivery(f"{service.url}/kirdi")
        await sender.deliver(parcel(files=False, link=True))
        await sender.deliver(parcel(files=False, link=True))
    first, second = service.received
    stamp = first.headers["kirdi-timestamp"]
    assert int(stamp) == int(NOW.timestamp())
    signed = hmac.new(SECRET.encode(), f"{stamp}.".encode() + first.body, hashlib.sha256)
    assert first.headers["kirdi-signature"] == f"v1={signed.hexdigest()}"
    said = json.loads(first.body)
    assert (said["link"], said["files"], said["revision"]) == (LINK, [], 2)
    assert said["period"] == {"kind": "week", "first": "2026-11-23", "last": "2026-11-29"}
    # By this a receiver knows that it has it already.
    assert first.headers["kirdi-delivery"] == second.headers["kirdi-delivery"]
    assert SECRET not in first.body.decode()


async def test_files_where_the_settings_say_so() -> None:
    async with HttpService() as service:
        await delivery(service.url, attach="open").deliver(parcel())
    sent = {one["name"]: one for one in json.loads(service.received[0].body)["files"]}
    for file in FILES:
        assert base64.b64decode(sent[file.name]["content"]) == file.content


async def test_over_tls_with_a_certificate_of_their_own(tmp_path: Path) -> None:
    cert, key = make_certificate(tmp_path)
    async with HttpService(tls=serving(cert, key)) as service:
        await delivery(service.url, ca_file=cert).deliver(parcel())
        with pytest.raises(OutsideError, match="certificate is not trusted"):
            await delivery(service.url).deliver(parcel())
    assert len(service.received) == 1


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (Reply(status=503), "HTTP 503"),
        (Reply(status=401), "HTTP 401"),
        (Reply(status=307, headers={"Location": "http://127.0.0.1:1/"}), "points elsewhere"),
        (Reply(delay_s=2.0), "no answer in 0.5 s"),
        (Reply(raw=b"nonsense\r\n\r\n"), "no HTTP"),
    ],
)
async def test_what_goes_wrong_is_said_without_the_address(reply: Reply, words: str) -> None:
    async with HttpService(reply) as service:
        with pytest.raises(OutsideError, match=words) as error:
            await delivery(service.url).deliver(parcel())
    assert "127.0.0.1" not in str(error.value)
    assert "insurer" in str(error.value)


async def test_a_server_that_is_away() -> None:
    with pytest.raises(OutsideError, match=r"insurer: cannot be reached.*its webhook"):
        await delivery("http://127.0.0.1:9/").deliver(parcel())
