"""RTSP 1.0 messages: reading requests, writing responses. Pure; used by `connection`.

RFC 2326: section 6 (request), 7 (response), 10.12 (interleaved frames), appendix D.
"""

import re
from dataclasses import dataclass

MAX_HEAD = 16 * 1024
MAX_BODY = 64 * 1024
MAX_HEADERS = 64

_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_URI = re.compile(r"[\x21-\x7e]+")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_DIGITS = re.compile(r"[0-9]{1,10}")
_END_OF_HEAD = re.compile(rb"\r?\n\r?\n")
_END_OF_LINE = re.compile(r"\r?\n")

_REASONS = {
    200: "OK",
    301: "Moved Permanently",
    302: "Found",
    303: "See Other",
    305: "Use Proxy",
    400: "Bad Request",
    401: "Unauthorized",
    404: "Not Found",
    406: "Not Acceptable",
    453: "Not Enough Bandwidth",
    454: "Session Not Found",
    455: "Method Not Valid in This State",
    461: "Unsupported Transport",
    500: "Internal Server Error",
    501: "Not Implemented",
    503: "Service Unavailable",
    505: "RTSP Version Not Supported",
    551: "Option not supported",
}


@dataclass(frozen=True, slots=True)
class Request:
    """A well-formed request. Header names are in lower case; `cseq` is its number, digits only."""

    method: str
    uri: str
    cseq: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    def header(self, name: str) -> str | None:
        """The first header of that name (lower case), or None."""
        return next((value for key, value in self.headers if key == name), None)


@dataclass(frozen=True, slots=True)
class InterleavedFrame:
    """RTP or RTCP that came between the requests."""

    channel: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class BadRequest:
    """What could not be read, and how to answer; after a fatal one the stream is out of step."""

    status: int
    cseq: str | None
    fatal: bool


@dataclass(frozen=True, slots=True)
class Response:
    """An answer; `encode` adds what every answer has."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    def encode(self, cseq: str | None) -> bytes:
        """The bytes of the answer to request number `cseq`."""
        lines = [f"RTSP/1.0 {self.status} {_REASONS[self.status]}"]
        if cseq is not None:
            lines.append(f"CSeq: {cseq}")
        lines.append("Server: Kirdi simulated camera")
        lines += [f"{name}: {value}" for name, value in self.headers]
        if self.body:
            lines.append(f"Content-Length: {len(self.body)}")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8", "surrogateescape") + self.body


Message = Request | InterleavedFrame | BadRequest


class RequestReader:
    """Cuts what a client sends into messages; holds at most one unfinished message."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[Message]:
        """The messages completed by `data`; after a fatal one nothing more is read."""
        self._buffer += data
        messages: list[Message] = []
        while (message := self._next()) is not None:
            messages.append(message)
            if isinstance(message, BadRequest) and message.fatal:
                self._buffer.clear()
                break
        return messages

    def _next(self) -> Message | None:
        buffer = self._buffer
        if buffer[:1] == b"$":
            return self._next_frame()
        # Some clients send an empty line between messages.
        blank = len(buffer) - len(buffer.lstrip(b"\r\n"))
        del buffer[:blank]
        if blank and buffer[:1] == b"$":
            return self._next_frame()
        end = _END_OF_HEAD.search(buffer, 0, MAX_HEAD + 4)
        if end is None:
            return BadRequest(400, None, fatal=True) if len(buffer) > MAX_HEAD else None
        head = _parse_head(buffer[: end.start()].decode("utf-8", "surrogateescape"))
        length = 0 if isinstance(head, BadRequest) else _content_length(head)
        if length is None:
            return BadRequest(400, head.cseq, fatal=True)
        if len(buffer) < end.end() + length:
            return None
        body = bytes(buffer[end.end() : end.end() + length])
        del buffer[: end.end() + length]
        if isinstance(head, BadRequest):
            return head
        return Request(head.method, head.uri, head.cseq, head.headers, body)

    def _next_frame(self) -> InterleavedFrame | None:
        buffer = self._buffer
        if len(buffer) < 4:
            return None
        end = 4 + int.from_bytes(buffer[2:4], "big")
        if len(buffer) < end:
            return None
        frame = InterleavedFrame(buffer[1], bytes(buffer[4:end]))
        del buffer[:end]
        return frame


def _parse_head(head: str) -> Request | BadRequest:
    first, *lines = _END_OF_LINE.split(head)
    headers = _parse_headers(lines)
    if headers is None:
        # Without headers there is no knowing whether a body follows.
        return BadRequest(400, None, fatal=True)
    cseq = next((value for name, value in headers if name == "cseq"), None)
    if cseq is not None and _DIGITS.fullmatch(cseq) is None:
        cseq = None
    parts = first.split(" ")
    if len(parts) != 3 or not parts[2].startswith("RTSP/"):
        return BadRequest(400, cseq, fatal=True)
    method, uri, version = parts
    if version != "RTSP/1.0":
        return BadRequest(505, cseq, fatal=False)
    if cseq is None or not _TOKEN.fullmatch(method) or not _URI.fullmatch(uri):
        return BadRequest(400, cseq, fatal=False)
    return Request(method, uri, cseq, headers)


def _parse_headers(lines: list[str]) -> tuple[tuple[str, str], ...] | None:
    if len(lines) > MAX_HEADERS:
        return None
    headers: list[tuple[str, str]] = []
    for line in lines:
        if _CONTROL.search(line):
            return None
        if line[:1] in (" ", "\t") and headers:
            name, value = headers[-1]
            headers[-1] = (name, f"{value} {line.strip()}")
            continue
        name, colon, value = line.partition(":")
        name = name.strip()
        if not colon or _TOKEN.fullmatch(name) is None:
            return None
        headers.append((name.lower(), value.strip()))
    return tuple(headers)


def _content_length(request: Request) -> int | None:
    value = request.header("content-length")
    if value is None:
        return 0
    if _DIGITS.fullmatch(value) is None or int(value) > MAX_BODY:
        return None
    return int(value)
