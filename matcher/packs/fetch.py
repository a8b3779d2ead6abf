"""Downloads a published file, and goes on where it stopped. Called by `pull_pack`."""

import http.client
import os
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

from matcher.errors import ModelPackError

Progress = Callable[[str, int, int | None], None]
"""Called with the file's name, the bytes there are, and how many there will be if that is known."""

TIMEOUT_S = 30.0
"""For a connection, and for any single read."""

_TRIES = 5
_PAUSE_S = 1.0
_CHUNK = 1 << 18
_MOST_BYTES = 1_000_000_000
_RANGE_NOT_SATISFIABLE = 416
_PARTIAL = 206
_AGENT = "kirdi-models"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file to fetch.

    Attributes:
        url: Its address, http or https.
        name: What messages and progress call it.
        size: In bytes, where it is known.
    """

    url: str
    name: str
    size: int | None


class _UnfinishedError(Exception):
    """The connection ended early; what came is kept."""


def fetch(
    wanted: Wanted,
    part: Path,
    progress: Progress,
    timeout_s: float = TIMEOUT_S,
    pause_s: float = _PAUSE_S,
) -> None:
    """Fill `part` with the file, beginning at the bytes it already has; blocking.

    Whether they are the right bytes is for the caller to check. A server that cannot resume sends
    everything again. Gives up after five tries in a row that brought nothing.

    Raises:
        ModelPackError: It cannot be had; says why. What came so far is kept in `part`.
    """
    _allowed(wanted.url)
    tries = 0
    while True:
        had = _size(part)
        if wanted.size is not None and had == wanted.size:
            return
        try:
            _try(wanted, part, progress, timeout_s)
        except _UnfinishedError as error:
            tries = 0 if _size(part) > had else tries + 1
            if tries >= _TRIES:
                raise ModelPackError(
                    f"{wanted.name}: the connection to {_host(wanted.url)} keeps ending ({error}); "
                    "run the same command again, it goes on where it stopped"
                ) from error
            time.sleep(pause_s)
        else:
            return


def _try(wanted: Wanted, part: Path, progress: Progress, timeout_s: float) -> None:
    had = _size(part)
    request = urllib.request.Request(wanted.url, headers={"User-Agent": _AGENT})  # noqa: S310 - checked in `_allowed`
    if had:
        request.add_header("Range", f"bytes={had}-")
    opener = urllib.request.build_opener(_Redirects)
    try:
        with opener.open(request, timeout=timeout_s) as answer:
            resumed = answer.status == _PARTIAL
            if resumed and not _starts_at(answer.headers, had):
                part.unlink(missing_ok=True)
                raise _UnfinishedError("the server sends another part; beginning anew")
            with part.open("ab" if resumed else "wb") as file:
                _copy(answer, file, wanted, had if resumed else 0, progress)
                file.flush()
                os.fsync(file.fileno())
    except urllib.error.HTTPError as error:
        if error.code == _RANGE_NOT_SATISFIABLE and had:
            part.unlink()
            raise _UnfinishedError("the server has no such part; beginning anew") from error
        raise ModelPackError(
            f"{wanted.name}: {_host(wanted.url)} answers {error.code} {error.reason}"
        ) from error
    except urllib.error.URLError as error:
        reason = error.reason
        if isinstance(reason, TimeoutError | ConnectionError):
            raise _UnfinishedError(str(reason) or type(reason).__name__) from error
        raise ModelPackError(
            f"{wanted.name}: {_host(wanted.url)} cannot be reached ({reason})"
        ) from error
    except (TimeoutError, ConnectionError, http.client.HTTPException) as error:
        raise _UnfinishedError(str(error) or type(error).__name__) from error
    _complete(wanted, part)


def _copy(
    answer: http.client.HTTPResponse, file: IO[bytes], wanted: Wanted, had: int, progress: Progress
) -> None:
    most = _MOST_BYTES if wanted.size is None else wanted.size
    length = answer.headers.get("Content-Length")
    promised = had + int(length) if length is not None and length.isdecimal() else None
    there = had
    while part := _read(answer):
        there += len(part)
        if there > most:
            raise ModelPackError(
                f"{wanted.name}: {_host(wanted.url)} sends more than {most} bytes; "
                "that is another file"
            )
        file.write(part)
        progress(wanted.name, there, wanted.size)
    # `read1` reports a connection that ended early as the end of the file.
    if promised is not None and there < promised:
        raise _UnfinishedError(f"{there} of {promised} bytes came")


def _read(answer: http.client.HTTPResponse) -> bytes:
    try:
        return answer.read1(_CHUNK)
    except OSError as error:  # of the network; the file's own are another matter
        raise _UnfinishedError(str(error) or type(error).__name__) from error


def _complete(wanted: Wanted, part: Path) -> None:
    there = _size(part)
    if wanted.size is not None and there < wanted.size:
        part.unlink(missing_ok=True)
        raise ModelPackError(
            f"{wanted.name}: {_host(wanted.url)} sends only {there} of {wanted.size} bytes; "
            "that is another file"
        )


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows http and https only, and never from https to http."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        _allowed(newurl, secure=urlsplit(req.full_url).scheme == "https")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _allowed(url: str, secure: bool = False) -> None:
    """Refuse addresses of any other kind, and those that hold a password: messages name them.

    Raises:
        ModelPackError: Names the kind.
    """
    scheme = urlsplit(url).scheme
    if "@" in urlsplit(url).netloc:
        raise ModelPackError(f"{_host(url)}: an address with a password in it is not followed")
    if scheme not in (("https",) if secure else ("http", "https")):
        raise ModelPackError(
            f"{_host(url)}: an address of kind {scheme or 'none'} is not followed; "
            f"only {'https' if secure else 'http and https'}"
        )


def _starts_at(headers: http.client.HTTPMessage, had: int) -> bool:
    return str(headers.get("Content-Range", "")).startswith(f"bytes {had}-")


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _host(url: str) -> str:
    """For messages: an address may hold a password."""
    return urlsplit(url).hostname or "the server"
