"""RTSP messages (RFC 2326), read from and written to a byte stream. Pure; used by `relay`.

What `Message.encode` writes is what this reader understood, in the plainest form there is: nobody
behind it can be made to see another answer than the one that was judged.
"""

import re
import struct
from dataclasses import dataclass, replace
from typing import Final

_MAX_HEAD_BYTES: Final = 32 * 1024
_MAX_BODY_BYTES: Final = 512 * 1024
_ANSWER: Final = re.compile(rb"RTSP/(\d)\.(\d)[ \t]+(\d{3})(?:[ \t]+(.*))?")
_REQUEST: Final = re.compile(rb"([A-Z_]{3,20})[ \t]+(\S+)[ \t]+RTSP/\d\.\d")
_LENGTH: Final = re.compile(r"\d{1,6}")


class NotRtspError(ValueError):
    """The other end speaks something else."""


@dataclass(frozen=True, slots=True)
class Message:
    """A request or an answer.

    Attributes:
        method: Of a request; empty for an answer.
        status: Of an answer; 0 for a request.
        start: The first line, as it will be written.
        headers: Names and values in their order; Content-Length is left out.
        body: What follows, often SDP.
    """

    method: str
    status: int
    start: bytes
    headers: tuple[tuple[str, str], ...]
    body: bytes = b""

    def header(self, name: str) -> str | None:
        """The first value under this name, however it is capitalised."""
        for key, value in self.headers:
            if key.lower() == name.lower():
                return value
        return None

    def with_header(self, name: str, value: str) -> "Message":
        """The message with every value under this name replaced."""
        changed = ((k, value if k.lower() == name.lower() else v) for k, v in self.headers)
        return replace(self, headers=tuple(changed))

    def encode(self) -> bytes:
        """The message as it is sent."""
        lines = [f"{name}: {value}".encode("latin-1") for name, value in self.headers]
        if self.body:
            lines.append(b"Content-Length: %d" % len(self.body))
        return b"\r\n".join([self.start, *lines, b"", self.body])


class MessageReader:
    """Cuts a byte stream into messages and interleaved media."""

    def __init__(self) -> None:
        self._data = b""

    def feed(self, data: bytes) -> None:
        """Take what has arrived."""
        self._data += data

    def next(self) -> Message | bytes | None:
        """The next message, or an interleaved frame as it came; None until more has arrived.

        Raises:
            NotRtspError: What has arrived is no RTSP, or longer than any answer of a camera.
        """
        data = self._data = self._data.lstrip(b"\r\n")
        if data.startswith(b"$"):
            end = 4 + struct.unpack_from(">H", data, 2)[0] if len(data) >= 4 else 4
            return self._cut(end) if len(data) >= end else None
        head = re.search(rb"\r?\n\r?\n", data)
        if head is None:
            _check_beginning(data)
            return None
        message = _parse_head(data[: head.start()])
        length = _body_length(message)
        if len(data) < head.end() + length:
            return None
        body = self._cut(head.end() + length)[head.end() :]
        headers = tuple(pair for pair in message.headers if pair[0].lower() != "content-length")
        return replace(message, headers=headers, body=body)

    def rest(self) -> bytes:
        """What has arrived and was not cut yet; the reader is empty then."""
        return self._cut(len(self._data))

    def _cut(self, end: int) -> bytes:
        piece, self._data = self._data[:end], self._data[end:]
        return piece


def _check_beginning(data: bytes) -> None:
    """Refuse early what can become no message."""
    line, newline, _ = data.partition(b"\n")
    if newline:
        _parse_start(line.rstrip(b"\r"))
    if len(data) > _MAX_HEAD_BYTES:
        raise NotRtspError("an endless answer")


def _parse_head(head: bytes) -> Message:
    if len(head) > _MAX_HEAD_BYTES:
        raise NotRtspError("an endless answer")
    first, *lines = re.split(rb"\r?\n", head)
    method, status, start = _parse_start(first)
    headers = []
    for line in lines:
        name, colon, value = line.decode("latin-1").partition(":")
        # A carriage return by itself ends a line for some readers and not for others.
        if colon and name.strip() and "\r" not in line.decode("latin-1"):
            headers.append((name.strip(), value.strip()))
    return Message(method, status, start, tuple(headers))


def _parse_start(line: bytes) -> tuple[str, int, bytes]:
    """Method, status and the line as it will be written."""
    if (answer := _ANSWER.fullmatch(line)) is not None:
        major, minor, status, reason = answer.groups()
        words = re.sub(rb"[^ -~]", b"", reason or b"")
        return "", int(status), b"RTSP/%s.%s %s %s" % (major, minor, status, words)
    if (request := _REQUEST.fullmatch(line)) is not None:
        return request[1].decode("ascii"), 0, b"%s %s RTSP/1.0" % (request[1], request[2])
    raise NotRtspError("no RTSP")


def _body_length(message: Message) -> int:
    given = {value for name, value in message.headers if name.lower() == "content-length"}
    if not given:
        return 0
    text = given.pop()
    if given or not _LENGTH.fullmatch(text) or int(text) > _MAX_BODY_BYTES:
        raise NotRtspError("an answer of unclear length")
    return int(text)
