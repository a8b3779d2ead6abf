"""The server's certificate: read at the start, and when its files change. Used by `server`."""

import asyncio
import ssl
from pathlib import Path
from typing import Final

import structlog

from streamer.clock import Clock
from streamer.errors import KirdiError

log = structlog.get_logger(__name__)

_LOOK_EVERY_S: Final = 60.0


class Certificate:
    """A certificate with its key, for a server."""

    def __init__(self, certificate: Path, private_key: Path, look_every_s: float = _LOOK_EVERY_S):
        """Keep where they are; `open` reads them."""
        self._certificate = certificate
        self._private_key = private_key
        self._look_every_s = look_every_s
        self._seen: tuple[object, ...] = ()
        self.context: ssl.SSLContext | None = None

    def open(self) -> ssl.SSLContext:
        """Read them; blocking.

        Raises:
            KirdiError: They cannot be read or do not belong together.
        """
        self._seen = self._stamp()
        self.context = self._loaded()
        return self.context

    async def renew(self, clock: Clock, stop: asyncio.Event) -> None:
        """Take over what was renewed, for the connections to come; one that is no good is not."""
        while not await clock.sleep(self._look_every_s, stop):
            try:
                stamp = await asyncio.to_thread(self._stamp)
                if stamp == self._seen:
                    continue
                await asyncio.to_thread(self._loaded)
                self._seen = stamp
                assert self.context is not None
                self.context.load_cert_chain(self._certificate, self._private_key)
                log.info("certificate renewed")
            except (KirdiError, OSError) as error:
                log.error("certificate not renewed", reason=str(error))

    def _loaded(self) -> ssl.SSLContext:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_alpn_protocols(["http/1.1"])
        try:
            # The empty password: nobody is asked for one on a terminal that is not there.
            context.load_cert_chain(self._certificate, self._private_key, password="")
        except ssl.SSLError as error:
            raise KirdiError(
                f"web.certificate {self._certificate}: it and its private_key cannot be used "
                f"({error.reason or 'not PEM'}); they must be PEM, belong together, and the key "
                "have no password"
            ) from error
        except OSError as error:
            raise KirdiError(
                f"web.certificate {self._certificate} or its private_key cannot be read "
                f"({error.strerror}); check path and rights"
            ) from error
        return context

    def _stamp(self) -> tuple[object, ...]:
        """What changes with the files."""
        try:
            found = [one.stat() for one in (self._certificate, self._private_key)]
        except OSError as error:
            raise KirdiError(
                f"web.certificate {self._certificate} or its private_key cannot be read "
                f"({error.strerror}); check path and rights"
            ) from error
        return tuple((one.st_ino, one.st_mtime_ns, one.st_size) for one in found)
