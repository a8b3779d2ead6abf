"""The web server is on this machine alone, or protected, or does not start."""

import pytest
from pydantic import ValidationError

from config.settings import Oidc, Settings, Site, Web

CERTIFICATE = {"certificate": "/c.pem", "private_key": "/k.pem"}
PUBLIC = {"public_url": "https://kirdi.clinic.example"}


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"host": "::1"},
        {"host": "localhost", "port": 0},
        {"host": "0.0.0.0", **CERTIFICATE, **PUBLIC},
        {"host": "10.0.0.5", "trusted_proxies": ["10.0.0.7"], **PUBLIC},
        {"public_url": "http://localhost:8443"},
        CERTIFICATE,
    ],
)
def test_protected(given: dict[str, object]) -> None:
    Web.model_validate(given)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"host": "0.0.0.0"}, "give certificate"),
        ({"host": "::", **PUBLIC}, "give certificate"),
        ({"host": "10.0.0.5", **CERTIFICATE}, "name public_url"),
        ({"trusted_proxies": ["10.0.0.7"]}, "name public_url"),
        ({"trusted_proxies": ["0.0.0.0/0"], **PUBLIC}, "believe everybody"),
        ({"trusted_proxies": ["proxy.example"], **PUBLIC}, "IPv4 or IPv6"),
        ({"host": "clinic.example"}, "IPv4 or IPv6"),
        ({"certificate": "/c.pem"}, "both"),
        ({"public_url": "http://kirdi.clinic.example"}, "https"),
        ({"public_url": "https://kirdi.clinic.example/app"}, "without a path"),
        ({"public_url": "https://a:b@kirdi.clinic.example"}, "write it as"),
        ({"public_url": "kirdi.clinic.example"}, "write it as"),
        ({"port": 70000}, "65535"),
        ({"session_hours": 1000}, "72"),
    ],
)
def test_unprotected_does_not_start(given: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        Web.model_validate(given)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"issuer": "http://login.clinic.example", "client_id": "k"}, "https"),
        ({"issuer": "https://login.clinic.example"}, "client_id"),
        ({"issuer": "https://x/?a=b", "client_id": "k"}, "a host and a path"),
        ({"issuer": "https://x", "client_id": "k", "scopes": ["profile"]}, "openid"),
        ({"issuer": "https://x", "client_id": "k", "roles": {"a": "root"}}, "root|reception"),
    ],
)
def test_a_provider_is_whole_and_encrypted(given: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        Oidc.model_validate(given)


def test_people_come_back_from_a_provider_to_a_public_address() -> None:
    provider = Oidc(issuer="https://x", client_id="k")
    with pytest.raises(ValidationError, match="public_url"):
        Settings(site=Site(id="s", name="S"), oidc=provider)
