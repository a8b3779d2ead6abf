"""One request to a service outside, with everything bounded. Used by `sms_gateway`, `egov_service`.

No redirect is followed (it would carry the secret to another host), no proxy or password of the
environment is used, and an answer is read up to a bound.
"""

import asyncio
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import httpx

from streamer.errors import OutsideError

_MOST_BYTES: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Trust:
    """Whom to trust, and as whom to appear.

    Attributes:
        ca_file: Certificates (PEM); None = the system's.
        cert_file: Ours, with `key_file`; None = none is shown.
    """

    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None

    def context(self, name: str) -> ssl.SSLContext:
        """Read the files; blocking. Raises OutsideError, which names the file's key."""
        try:
            context = ssl.create_default_context(cafile=self.ca_file)
        except (OSError, ValueError) as error:
            raise OutsideError(
                f"{name}.ca_file: cannot be used; give certificates (PEM)"
            ) from error
        if self.cert_file is not None:
            try:
                context.load_cert_chain(self.cert_file, self.key_file)
            except (OSError, ValueError) as error:
                raise OutsideError(
                    f"{name}.cert_file and {name}.key_file: cannot be used; give a certificate and "
                    "its key (PEM, no passphrase)"
                ) from error
        return context


@dataclass(frozen=True, slots=True)
class Call:
    """What is sent. Secret as a whole: it holds tokens, phones and codes."""

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    query: Mapping[str, str] | None = field(default=None, repr=False)
    json: object = field(default=None, repr=False)
    form: Mapping[str, str] | None = field(default=None, repr=False)
    body: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the status, and the body, at most 64 KiB of it."""

    status: int
    body: bytes = field(repr=False)

    def json(self) -> object:
        """The body as JSON; None where it is none."""
        try:
            parsed: object = json.loads(self.body)
        except (ValueError, RecursionError):
            return None
        return parsed


class Outside:
    """Makes calls to one service, each with a connection of its own."""

    def __init__(self, name: str, trust: Trust, connect_timeout_s: float, timeout_s: float) -> None:
        """Remember how; nothing is opened.

        Args:
            name: The section of the settings: errors begin with it.
            trust: Certificates.
            connect_timeout_s: For the connection.
            timeout_s: For everything together.
        """
        self._name = name
        self._trust = trust
        self._connect_timeout_s = connect_timeout_s
        self._timeout_s = timeout_s

    async def call(self, call: Call) -> Answer:
        """Send it once; never again by itself, since it may have been taken.

        Raises:
            OutsideError: No answer, or none that is HTTP; without the address or what was sent.
        """
        context = await asyncio.to_thread(self._trust.context, self._name)
        timeout = httpx.Timeout(self._timeout_s, connect=self._connect_timeout_s)
        try:
            async with (
                asyncio.timeout(self._timeout_s),
                httpx.AsyncClient(
                    verify=context, timeout=timeout, follow_redirects=False, trust_env=False
                ) as client,
                client.stream(
                    call.method,
                    call.url,
                    headers=dict(call.headers),
                    params=None if call.query is None else dict(call.query),
                    json=call.json,
                    data=None if call.form is None else dict(call.form),
                    content=call.body,
                ) as response,
            ):
                return Answer(response.status_code, await self._bounded(response))
        except (TimeoutError, httpx.TimeoutException) as error:
            raise OutsideError(
                f"{self._name}: no answer in {self._timeout_s:g} s; see whether the service and "
                "the way to it work"
            ) from error
        except httpx.ConnectError as error:
            raise OutsideError(
                f"{self._name}: cannot be reached, or its certificate is not trusted; see "
                f"{self._name}.url and {self._name}.ca_file"
            ) from error
        # The library's words may repeat the address with its secrets.
        except (httpx.LocalProtocolError, httpx.InvalidURL, ValueError) as error:
            raise OutsideError(
                f"{self._name}: cannot be asked as the settings say; see {self._name}.url, "
                f"{self._name}.headers and the secret"
            ) from error
        except httpx.HTTPError as error:
            raise OutsideError(
                f"{self._name}: answered with what is no HTTP, or hung up; see {self._name}.url"
            ) from error

    async def _bounded(self, response: httpx.Response) -> bytes:
        body = b""
        async for part in response.aiter_bytes():
            body += part
            if len(body) > _MOST_BYTES:
                raise OutsideError(
                    f"{self._name}: answered with more than {_MOST_BYTES // 1024} KiB; see "
                    f"{self._name}.url"
                )
        return body


async def read_token(name: str, file: Path | None) -> str | None:
    """Read a secret from its file, each time: it may be changed without a restart.

    Raises:
        OutsideError: It cannot be read, or is empty or of several lines.
    """
    if file is None:
        return None
    try:
        token = (await asyncio.to_thread(file.read_text, encoding="ascii")).strip()
    except (OSError, UnicodeDecodeError) as error:
        raise OutsideError(f"{name}.token_file {file}: cannot be read; give a text file") from error
    if not token.isprintable() or not token:
        raise OutsideError(f"{name}.token_file {file}: must hold one line, the secret")
    return token


def at(document: object, path: str) -> object:
    """What stands at a dotted path of a JSON document; None where nothing does."""
    for name in path.split("."):
        if not isinstance(document, dict):
            return None
        document = document.get(name)
    return document
