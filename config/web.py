"""The settings of the web server: where it listens, how it is protected, who vouches for whom."""

from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from config.oidc import LOOPBACK
from config.section import Section


class Web(Section):
    """The API, in the service's own process."""

    enabled: bool = Field(True, description="false = no web server at all")
    host: str = Field(
        "127.0.0.1",
        description="the address it listens on; other machines reach it with a certificate or "
        "through a proxy only",
    )
    port: int = Field(
        8443, ge=0, le=65535, description="0 = any free one, to be found in the home's web.json"
    )
    public_url: str | None = Field(
        None,
        description="what people type into the browser, as https://kirdi.clinic.example; needed "
        "beyond this machine, and for an OpenID Connect provider",
    )
    certificate: Path | None = Field(
        None,
        description="the server's certificate (PEM), with its intermediates; looked at every "
        "minute, so that a renewed one is used without a restart",
    )
    private_key: Path | None = Field(None, description="its key (PEM), readable by the service")
    trusted_proxies: tuple[str, ...] = Field(
        (),
        description="addresses or networks of the proxies in front; what they say about who asks "
        "is believed, of nobody else",
    )
    session_hours: float = Field(
        12.0, gt=0, le=72, description="after so long everybody signs in anew"
    )
    session_idle_min: float = Field(
        30.0, gt=0, le=720, description="and after so long without doing anything"
    )

    language: Literal["kk", "ru", "en"] = Field(
        "ru",
        description="of the pages, where neither the visitor nor the browser has asked for another",
    )

    @field_validator("host")
    @classmethod
    def _an_address(cls, value: str) -> str:
        return "127.0.0.1" if value == "localhost" else str(ip_address(value))

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        networks = [ip_network(one, strict=False) for one in value]
        if any(one.prefixlen == 0 for one in networks):
            raise ValueError("that would believe everybody; name the proxies")
        return tuple(str(one) for one in networks)

    @field_validator("public_url")
    @classmethod
    def _an_origin(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value)
        _ = parts.port
        if parts.scheme not in ("https", "http") or not parts.hostname or "@" in parts.netloc:
            raise ValueError("write it as https://kirdi.clinic.example")
        if parts.path not in ("", "/") or parts.query or parts.fragment:
            raise ValueError("it is a host and perhaps a port, without a path")
        if parts.scheme == "http" and parts.hostname not in LOOPBACK:
            raise ValueError("it must begin with https://; passwords are typed there")
        return value.rstrip("/").lower()

    @model_validator(mode="after")
    def _protected(self) -> Self:
        if (self.certificate is None) != (self.private_key is None):
            raise ValueError("give certificate and private_key, both of them")
        beyond = not ip_address(self.host).is_loopback
        if beyond and self.certificate is None and not self.trusted_proxies:
            raise ValueError(
                f"host {self.host} can be reached from other machines: give certificate and "
                "private_key, or name the proxy in trusted_proxies, or listen on 127.0.0.1"
            )
        if (beyond or self.trusted_proxies) and self.public_url is None:
            raise ValueError("name public_url: what people type into the browser")
        return self

    @property
    def encrypted(self) -> bool:
        """Does the server itself speak TLS?"""
        return self.certificate is not None
