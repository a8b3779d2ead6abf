import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.simulator.rtsp import (
    MAX_HEAD,
    BadRequest,
    InterleavedFrame,
    Message,
    Request,
    RequestReader,
    Response,
)
from tests.fuzz_seeds import fuzz_seeds

OPTIONS = b"OPTIONS rtsp://h/stream RTSP/1.0\r\nCSeq: 1\r\nUser-Agent: test\r\n\r\n"
WITH_BODY = b"GET_PARAMETER * RTSP/1.0\nCSeq: 2\nContent-Length: 4\n\nabcd"
FRAME = b"$\x01\x00\x03xyz"


def read(data: bytes) -> list[Message]:
    return RequestReader().feed(data)


def test_a_request_is_read() -> None:
    headers = (("cseq", "1"), ("user-agent", "test"))
    assert read(OPTIONS) == [Request("OPTIONS", "rtsp://h/stream", "1", headers)]


def test_a_body_and_bare_newlines_are_read() -> None:
    (request,) = read(WITH_BODY)
    assert isinstance(request, Request)
    assert (request.method, request.body) == ("GET_PARAMETER", b"abcd")


def test_frames_between_requests_are_told_apart() -> None:
    messages = read(OPTIONS + FRAME + b"\r\n" + OPTIONS + b"\r\n" + FRAME)
    kinds = [type(message) for message in messages]
    assert kinds == [Request, InterleavedFrame, Request, InterleavedFrame]
    assert messages[1] == InterleavedFrame(1, b"xyz")


@given(st.lists(st.integers(0, 200), max_size=8))
def test_how_the_bytes_arrive_does_not_matter(cuts: list[int]) -> None:
    data = OPTIONS + FRAME + WITH_BODY + FRAME
    reader, messages, start = RequestReader(), list[Message](), 0
    for cut in [*sorted(cuts), len(data)]:
        messages += reader.feed(data[start:cut])
        start = max(start, cut)
    assert messages == read(data)
    assert len(messages) == 4


def test_a_folded_header_goes_on() -> None:
    (request,) = read(b"PLAY * RTSP/1.0\r\nCSeq: 3\r\nAuthorization: Basic\r\n abc\r\n\r\n")
    assert isinstance(request, Request)
    assert request.header("authorization") == "Basic abc"


@pytest.mark.parametrize(
    ("data", "status", "fatal"),
    [
        (b"GET / HTTP/1.1\r\nCSeq: 1\r\n\r\n", 400, True),
        (b"RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n", 400, True),
        (b"PLAY\r\nCSeq: 1\r\n\r\n", 400, True),
        (b"PLAY * RTSP/1.0\r\n\r\n", 400, False),
        (b"PLAY * RTSP/1.0\r\nUser-Agent: x\r\n\r\n", 400, False),
        (b"PLAY * RTSP/1.0\r\nCSeq: one\r\n\r\n", 400, False),
        (b"PLAY * RTSP/2.0\r\nCSeq: 1\r\n\r\n", 505, False),
        (b"PL@Y * RTSP/1.0\r\nCSeq: 1\r\n\r\n", 400, False),
        (b"PLAY \x01 RTSP/1.0\r\nCSeq: 1\r\n\r\n", 400, False),
        (b"PLAY * RTSP/1.0\r\nno colon\r\n\r\n", 400, True),
        (b"PLAY * RTSP/1.0\r\nCSeq: 1\r\nContent-Length: -1\r\n\r\n", 400, True),
        (b"PLAY * RTSP/1.0\r\nCSeq: 1\r\nContent-Length: 9999999\r\n\r\n", 400, True),
        (b"PLAY * RTSP/1.0\r\nCSeq: 1\r\n" + b"a: b\r\n" * 100 + b"\r\n", 400, True),
        (b"PLAY * RTSP/1.0\r\nCSeq: 1\r\nRequire: a\rb\r\n\r\n", 400, True),
        (b"x" * (MAX_HEAD + 1), 400, True),
    ],
)
def test_what_is_malformed_is_named_so(data: bytes, status: int, fatal: bool) -> None:
    (message,) = read(data)
    assert isinstance(message, BadRequest)
    assert (message.status, message.fatal) == (status, fatal)


def test_nothing_is_read_after_a_fatal_one() -> None:
    assert len(read(b"nonsense\r\n\r\n" + OPTIONS)) == 1


def test_a_request_after_a_harmless_one_is_read() -> None:
    messages = read(b"PLAY * RTSP/1.0\r\nCSeq: x\r\n\r\n" + OPTIONS)
    assert [type(message) for message in messages] == [BadRequest, Request]


@given(st.binary(max_size=300))
def test_no_bytes_crash_the_reader(data: bytes) -> None:
    for message in [*read(data), *read(b"OPTIONS " + data + b"\r\n\r\n" + data)]:
        assert isinstance(message, Request | InterleavedFrame | BadRequest)


def test_no_fuzz_seed_crashes_the_reader() -> None:
    for seed in fuzz_seeds("base-"):
        for data in (seed, seed + b"\r\n\r\n", b"DESCRIBE * RTSP/1.0\r\n" + seed + b"\r\n\r\n"):
            read(data)


def test_an_answer_is_written() -> None:
    response = Response(200, (("Content-Type", "application/sdp"),), b"v=0\r\n")
    assert response.encode("7") == (
        b"RTSP/1.0 200 OK\r\nCSeq: 7\r\nServer: Kirdi simulated camera\r\n"
        b"Content-Type: application/sdp\r\nContent-Length: 5\r\n\r\nv=0\r\n"
    )
