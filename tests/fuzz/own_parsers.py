"""Our own parsers of foreign bytes, in this process: each returns or raises what it says it may."""

import json
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

from streamer.errors import InputError
from streamer.ingest.camera_url import CameraUrl, redact, secrets_of
from streamer.ingest.decoder_command import parse_command
from streamer.ingest.protocol import (
    Counters,
    Failure,
    FailureKind,
    Geometry,
    Opened,
    ProtocolError,
    Written,
    pack_report,
    parse_report,
)
from streamer.ingest.relay_messages import Message, MessageReader, NotRtspError
from streamer.ingest.stream_info import StreamInfo
from streamer.simulator.auth import Authenticator
from streamer.simulator.codec import Codec
from streamer.simulator.credentials import Credentials
from streamer.simulator.nal import parameter_sets_of, read_extradata, split_annex_b
from streamer.simulator.rtsp import Request, RequestReader
from streamer.simulator.transport import choose_transport
from tests.fuzz.corpus import Corpus
from tests.fuzz.mutation import mutate, mutate_text

SLOW_S = 1.0

_URLS = (
    b"rtsp://viewer:p%40ss%2Fword@192.168.0.10:554/user=admin&password=x&channel=1",
    b"rtsps://[fe80::1]:322/stream?token=abc#f",
    b"rtsp://camera.lan/h264",
)


@dataclass(frozen=True, slots=True)
class OwnParser:
    """A parser, its seeds, and what it may raise."""

    name: str
    parse: Callable[[bytes], object]
    seeds: Sequence[bytes]
    may_raise: tuple[type[Exception], ...] = ()
    is_text: bool = True

    def fuzz(self, inputs: int, seed: int) -> int:
        """Feed it mutated seeds; how many of them it took without raising.

        Raises:
            AssertionError: An input took it far too long.
            Exception: Whatever else it raised, with the input as a note.
        """
        chance = random.Random(f"{seed}/{self.name}")
        change = mutate_text if self.is_text else mutate
        taken = 0
        for _ in range(inputs):
            data = change(chance.choice(self.seeds), self.seeds, chance)
            began = time.thread_time()
            try:
                self.parse(data)
                taken += 1
            except self.may_raise:
                pass
            except Exception as error:
                error.add_note(f"{self.name} was given {data!r}")
                raise
            assert time.thread_time() - began < SLOW_S, (self.name, data)
        return taken


def own_parsers(corpus: Corpus) -> list[OwnParser]:
    """All of them."""
    nals = [nal for one in corpus.recordings for unit in one.units[:3] for nal in unit.nals]
    streams = [b"\x00\x00\x00\x01" + b"\x00\x00\x01".join(nals[at : at + 3]) for at in range(9)]
    requests = [
        b"%b rtsp://127.0.0.1/stream RTSP/1.0\r\nCSeq: 2\r\nContent-Length: 3\r\n\r\nabc$\0\0\1a"
        % method
        for method in (b"OPTIONS", b"DESCRIBE", b"SETUP", b"PLAY")
    ]
    return [
        OwnParser("decoder report", parse_report, _reports(), (ProtocolError,), is_text=False),
        OwnParser(
            "decoder command",
            parse_command,
            [b"\x02\x01\x00\x00\x00\x01", b"\x03"],
            (ProtocolError,),
            is_text=False,
        ),
        OwnParser("camera URL", _parse_url, _URLS, (InputError,)),
        OwnParser("secrets of a URL", _hide, _URLS),
        OwnParser("stream info", _parse_info, [_info()], (ValueError,)),
        OwnParser("RTSP request", _parse_requests, [*requests, *corpus.messages]),
        OwnParser("RTSP answer", _parse_answers, [*_answers(), *corpus.messages], (NotRtspError,)),
        OwnParser("Authorization", _authorize, corpus.header_values),
        OwnParser(
            "Transport",
            _transport,
            [b"RTP/AVP/TCP;unicast;interleaved=0-1", b"RTP/AVP;unicast;client_port=5000-5001"],
        ),
        OwnParser("H.264 stream", lambda data: _units(Codec.H264, data), streams, is_text=False),
        OwnParser("H.265 stream", lambda data: _units(Codec.H265, data), streams, is_text=False),
    ]


def _reports() -> list[bytes]:
    counters = Counters(100, 3, 2, 1)
    reports = (
        Opened(),
        Geometry(1, 640, 480),
        Written(1, 2, 0.5, 10**15, counters),
        counters,
        Failure(FailureKind.STALLED, "no packet in 10 s"),
    )
    return [pack_report(report) for report in reports]


def _parse_url(data: bytes) -> None:
    url = CameraUrl.parse(data.decode("utf-8", "surrogateescape"))
    assert not url.password or len(url.password) < 4 or url.password not in url.address


def _hide(data: bytes) -> None:
    url = data.decode("utf-8", "replace")
    secrets = secrets_of(url)
    hidden = redact(f"cannot open {url}", secrets)
    assert all(secret not in hidden for secret in secrets if len(secret) > 8)


def _info() -> bytes:
    info = StreamInfo("h264", "High", 640, 480, "yuv420p", False, 0.4, 25.0, 50, 2.0, 800_000)
    return json.dumps(asdict(info)).encode()


def _parse_info(data: bytes) -> None:
    StreamInfo.from_json(data.decode("utf-8", "replace"))


def _parse_requests(data: bytes) -> None:
    reader = RequestReader()
    for at in range(0, len(data), 7):
        reader.feed(data[at : at + 7])


def _answers() -> list[bytes]:
    return [
        b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nPublic: DESCRIBE, SETUP\r\n\r\n",
        b"RTSP/1.0 200 OK\r\nCSeq: 2\r\nContent-Length: 5\r\n\r\nv=0\r\n$\0\0\1a",
        b"RTSP/1.0 302 Found\r\nCSeq: 3\r\nLocation: rtsp://127.0.0.2/x\r\n\r\n",
        b'RTSP/1.0 401 No\r\nCSeq: 4\r\nWWW-Authenticate: Digest realm="a", nonce="b"\r\n\r\n',
    ]


def _parse_answers(data: bytes) -> None:
    """What was judged is what is passed on: it must read the same again."""
    reader = MessageReader()
    for at in range(0, len(data), 7):
        reader.feed(data[at : at + 7])
        while (found := reader.next()) is not None:
            if isinstance(found, Message):
                again = MessageReader()
                again.feed(found.encode())
                assert again.next() == found
                assert again.rest() == b""


def _authorize(data: bytes) -> None:
    value = data.decode("utf-8", "surrogateescape")
    authenticator = Authenticator(Credentials("viewer", "secret"))
    request = Request("DESCRIBE", "rtsp://127.0.0.1/stream", "1", (("authorization", value),))
    authenticator.check(request)


def _transport(data: bytes) -> None:
    choose_transport(data.decode("utf-8", "surrogateescape"))


def _units(codec: Codec, data: bytes) -> None:
    parameter_sets_of(codec, split_annex_b(data))
    read_extradata(codec, data)
