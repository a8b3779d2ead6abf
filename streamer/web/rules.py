"""What the settings mean for the server. Made once by `app` and tests, read by `security`."""

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Self
from urllib.parse import urlsplit

from config.settings import Web
from streamer.domain.consent import Language


@dataclass(frozen=True, slots=True)
class WebRules:
    """See `config.web.Web`.

    Attributes:
        public_url: What people type, without a slash at its end; None = this machine only.
        encrypted: The server speaks TLS itself.
        proxies: Whose word about who asks is believed.
        longest_s: A session lasts so long at most; the cookie, too.
        idle_min: And ends after so many minutes without a request.
        language: Of pages, for whoever has chosen none.
    """

    public_url: str | None
    encrypted: bool
    proxies: tuple[IPv4Network | IPv6Network, ...]
    longest_s: int
    idle_min: float
    language: Language

    @classmethod
    def of(cls, web: Web) -> Self:
        """Take them from the section."""
        return cls(
            web.public_url,
            web.encrypted,
            tuple(ip_network(one) for one in web.trusted_proxies),
            int(web.session_hours * 3600),
            web.session_idle_min,
            Language(web.language),
        )

    @property
    def public_host(self) -> str | None:
        """Host and perhaps port of the public address, as browsers send it."""
        return None if self.public_url is None else urlsplit(self.public_url).netloc
