"""Reports mailed through a real server with STARTTLS, and through ones that are not as they say."""

import socket
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization.pkcs7 import pkcs7_decrypt_der
from cryptography.x509.oid import NameOID

from config.settings import Destination, Mail
from streamer.errors import OutsideError
from streamer.exchange.deliver.mail import MailDelivery
from tests.certificates import make_certificate
from tests.fakes.clock import FakeClock
from tests.fakes.mail_server import MailServer
from tests.integration.exchange.parcels import FILES, LINK, NOW, parcel, serving

LOGIN = ("kirdi", "hunter2-hunter2")
ADDRESS = "head@clinic.example"


def delivery(
    port: int, ca_file: Path | None, more: dict[str, object] | None = None, **mail: object
) -> MailDelivery:
    settings: dict[str, object] = {
        "host": "127.0.0.1",
        "port": port,
        "sender": "kirdi@clinic.example",
        "ca_file": ca_file,
        "connect_timeout_s": 1.0,
        "timeout_s": 3.0,
    }
    destination: dict[str, object] = {"id": "head", "email": ADDRESS}
    return MailDelivery(
        Destination.model_validate(destination | (more or {})),
        Mail.model_validate(settings | mail),
        FakeClock(NOW),
    )


def with_account(**more: object) -> dict[str, Any]:
    return {"user": LOGIN[0], "password": LOGIN[1]} | more


async def test_a_link_goes_over_starttls_and_nothing_personal(tmp_path: Path) -> None:
    cert, key = make_certificate(tmp_path)
    async with MailServer(serving(cert, key), LOGIN) as server:
        await delivery(server.port, cert, **with_account()).deliver(parcel(files=False, link=True))
    (message,) = server.messages
    assert server.tls_used == [True]
    assert server.recipients == [[ADDRESS]]
    assert message["Message-ID"] == f"<{parcel().delivery_id}@clinic.example>"
    assert "№1 емхана" in message["Subject"]
    text = message.get_content()
    assert LINK in text
    assert "алдын ала" in text
    assert not list(message.iter_attachments())


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
async def test_files_where_the_settings_say_so(tmp_path: Path, language: str) -> None:
    cert, key = make_certificate(tmp_path)
    async with MailServer(serving(cert, key)) as server:
        await delivery(server.port, cert, {"attach": "open"}).deliver(parcel(language=language))
    attached = {one.get_filename(): one for one in server.messages[0].iter_attachments()}
    for file in FILES:
        content = attached[file.name].get_payload(decode=True)
        assert content == file.content


async def test_encrypted_files_are_the_recipients_alone(tmp_path: Path) -> None:
    cert, key = make_certificate(tmp_path)
    own, private = recipient(tmp_path / "head.pem")
    async with MailServer(serving(cert, key)) as server:
        given = {"attach": "encrypted", "certificate": own}
        await delivery(server.port, cert, given).deliver(parcel())
    (message,) = server.messages
    assert "p-4711" not in message.as_string()
    sealed = message.get_payload(decode=True)
    assert isinstance(sealed, bytes)
    assert b"p-4711" not in sealed
    opened = pkcs7_decrypt_der(
        sealed, x509.load_pem_x509_certificate(own.read_bytes()), private, []
    )
    inner = message_from_bytes(opened, policy=default)
    names = {one.get_filename(): one.get_payload(decode=True) for one in inner.iter_attachments()}
    assert names == {file.name: file.content for file in FILES}


async def test_certificates_nothing_is_encrypted_for(tmp_path: Path) -> None:
    cert, _ = make_certificate(tmp_path / "ec")
    old, _ = recipient(tmp_path / "old.pem", ends_in=timedelta(days=-1))
    weak, _ = recipient(tmp_path / "weak.pem", bits=1024)
    for path in (cert, old, weak, tmp_path / "none.pem"):
        given = {"attach": "encrypted", "certificate": path}
        with pytest.raises(OutsideError, match=r"RSA|in force|cannot be read"):
            await delivery(9, None, given).deliver(parcel())


async def test_a_certificate_that_is_not_trusted_gets_no_password(tmp_path: Path) -> None:
    cert, key = make_certificate(tmp_path)
    other, _ = make_certificate(tmp_path / "other")
    elsewhere, its_key = make_certificate(tmp_path / "elsewhere", "127.0.0.2")
    async with MailServer(serving(cert, key), LOGIN) as server:
        for trusted in (None, other):
            with pytest.raises(OutsideError, match="certificate is not trusted"):
                await delivery(server.port, trusted, **with_account()).deliver(parcel())
    async with MailServer(serving(elsewhere, its_key), LOGIN) as named:
        with pytest.raises(OutsideError, match="certificate is not trusted"):
            await delivery(named.port, elsewhere, **with_account()).deliver(parcel())
    assert server.messages == named.messages == []


async def test_without_starttls_nothing_is_sent_unless_the_settings_say_so() -> None:
    async with MailServer() as server:
        with pytest.raises(OutsideError, match="no STARTTLS"):
            await delivery(server.port, None).deliver(parcel())
        assert server.messages == []
        await delivery(server.port, None, security="none").deliver(parcel(files=False, link=True))
    assert server.tls_used == [False]


async def test_refusals_are_told_without_addresses(tmp_path: Path) -> None:
    cert, key = make_certificate(tmp_path)
    async with MailServer(serving(cert, key), LOGIN) as server:
        wrong = with_account(password="another-password")
        with pytest.raises(OutsideError, match="refuses the account"):
            await delivery(server.port, cert, **wrong).deliver(parcel())
        server.refused = {ADDRESS}
        with pytest.raises(OutsideError, match=r"refuses the address \(550\)") as refused:
            await delivery(server.port, cert, **with_account()).deliver(parcel())
        assert ADDRESS not in str(refused.value)
        server.refused, server.answer = set(), f"552 too much for {ADDRESS}"
        with pytest.raises(OutsideError, match=r"refuses the message \(552\)") as too_much:
            await delivery(server.port, cert, **with_account()).deliver(parcel())
        assert ADDRESS not in str(too_much.value)
        server.answer, server.delay_s = None, 2.0
        with pytest.raises(OutsideError, match="no answer"):
            await delivery(server.port, cert, **with_account()).deliver(parcel())


async def test_a_server_that_is_away_or_says_nothing() -> None:
    with pytest.raises(OutsideError, match="cannot be reached"):
        await delivery(9, None).deliver(parcel())
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(OutsideError, match="no answer"):
            await delivery(port, None, timeout_s=0.3).deliver(parcel())


def recipient(
    path: Path, bits: int = 2048, ends_in: timedelta = timedelta(days=30)
) -> tuple[Path, rsa.RSAPrivateKey]:
    """A recipient's certificate and key."""
    key = rsa.generate_private_key(65537, bits)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, ADDRESS)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOW - timedelta(days=30))
        .not_valid_after(NOW + ends_in)
        .sign(key, hashes.SHA256())
    )
    path.write_bytes(certificate.public_bytes(Encoding.PEM))
    return path, key
