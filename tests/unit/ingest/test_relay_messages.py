import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.ingest.relay_messages import Message, MessageReader, NotRtspError

OK = b"RTSP/1.0 200 OK\r\nCSeq: 2\r\nContent-Length: 5\r\n\r\nv=0\r\n"
MEDIA = b"$\x00\x00\x03abc"


def read(data: bytes) -> list[Message | bytes]:
    reader = MessageReader()
    reader.feed(data)
    found = []
    while (piece := reader.next()) is not None:
        found.append(piece)
    return found


@given(st.lists(st.sampled_from([OK, MEDIA, b"\r\n", b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n"])))
def test_pieces_come_out_the_same_however_they_arrive(parts: list[bytes]) -> None:
    data = b"".join(parts)
    reader = MessageReader()
    found: list[Message | bytes] = []
    for byte in data:
        reader.feed(bytes([byte]))
        while (piece := reader.next()) is not None:
            found.append(piece)
    assert found == read(data)
    assert len(found) == sum(part != b"\r\n" for part in parts)


def test_an_answer_is_written_as_it_was_understood() -> None:
    (answer,) = read(
        b"RTSP/1.0 200 \x01OK\nCSeq:2\n no colon\nPublic : PLAY\ncontent-length: 2\n\nhi"
    )
    assert isinstance(answer, Message)
    assert (answer.status, answer.method, answer.body) == (200, "", b"hi")
    assert answer.header("public") == "PLAY"
    assert answer.encode() == (
        b"RTSP/1.0 200 OK\r\nCSeq: 2\r\nPublic: PLAY\r\nContent-Length: 2\r\n\r\nhi"
    )
    assert read(answer.encode()) == [answer]


def test_a_camera_may_ask_too() -> None:
    (request,) = read(b"REDIRECT rtsp://cam/ RTSP/1.0\r\nLocation: rtsp://else/\r\n\r\n")
    assert isinstance(request, Message)
    assert (request.method, request.status) == ("REDIRECT", 0)
    assert request.encode().startswith(b"REDIRECT rtsp://cam/ RTSP/1.0\r\n")


def test_nothing_hides_a_redirect_from_this_reader_alone() -> None:
    """Each of these is one answer to some readers, and two to others."""
    for head in (b"Content-Length: 0\r\nContent-Length: 40", b"Content-Length: -1"):
        with pytest.raises(NotRtspError):
            read(b"RTSP/1.0 200 OK\r\n" + head + b"\r\n\r\nRTSP/1.0 302 Moved\r\n\r\n")
    (answer,) = read(b"RTSP/1.0 200 OK\r\nX: a\rRTSP/1.0 302 Moved\rLocation: b\r\n\r\n")
    assert isinstance(answer, Message)
    assert b"302" not in answer.encode()


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"RTSP/1.0 2000 OK\r\n\r\n",
        b"RTSP/1.0 200 OK\r\nContent-Length: 999999999\r\n\r\n",
        b"RTSP/1.0 200 OK\r\n" + b"X: y\r\n" * 10_000,
        b"\x00" * 40_000,
    ],
)
def test_what_is_no_rtsp_is_refused(data: bytes) -> None:
    with pytest.raises(NotRtspError):
        read(data)


@given(st.binary(max_size=300))
def test_anything_at_all_is_read_or_refused(data: bytes) -> None:
    try:
        read(b"RTSP/1.0 200 OK\r\n" + data)
        read(data)
    except NotRtspError:
        pass
