import asyncio
import struct
from collections.abc import Sequence

import numpy as np
import pytest

from streamer.errors import InputError
from streamer.simulator.access_unit import AccessUnit
from streamer.simulator.fault_plan import FaultPlan
from streamer.simulator.faults.access import SessionLimit, WrongPassword
from streamer.simulator.faults.answers import GarbageSdp, Redirect
from streamer.simulator.faults.board import FaultBoard
from streamer.simulator.faults.catalogue import FAULTS, parse_faults, usage
from streamer.simulator.faults.delivery import Cut, Jitter, Loss, MidFrame, Stall, StopSending
from streamer.simulator.faults.fault import Fault
from streamer.simulator.faults.picture import Blurred, Covered, Dark, Moved, Resize
from streamer.simulator.faults.stream_fault import HangUp
from streamer.simulator.faults.stream_faults import StreamFaults
from streamer.simulator.faults.timing import LateKeyframe, Mode, Timestamps
from streamer.simulator.rtsp import Request, Response
from streamer.simulator.session_register import SessionRegister

FRAME = 3600  # ticks, at 25 a second


def unit(index: int, keyframe: bool = False) -> AccessUnit:
    return AccessUnit(index * FRAME, index * FRAME, FRAME, keyframe, (b"\x41a",))


def packet(timestamp: int, number: int = 0) -> bytes:
    return struct.pack(">BBHII", 0x80, 96, number, timestamp & 0xFFFFFFFF, 7) + b"payload"


def stamp(of: Sequence[bytes]) -> int:
    (timestamp,) = {struct.unpack_from(">I", one, 4)[0] for one in of}
    return int(timestamp)


# Reading faults


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("stall", Stall()),
        ("cut", Cut(5.0)),
        ("cut=0.5", Cut(0.5)),
        ("session-limit=2,linger=1.5,status=503", SessionLimit(2, 1.5, 503)),
        ("timestamps=wrap", Timestamps("wrap")),
        ("redirect=rtsp://a/b,c?d=e,at=play", Redirect("rtsp://a/b,c?d=e", "PLAY")),
    ],
)
def test_a_fault_is_read(text: str, fault: Fault) -> None:
    assert parse_faults([text]) == (fault,)


@pytest.mark.parametrize(
    ("texts", "reason"),
    [
        (["rain"], r"^--fault rain: unknown; there are refuse, wrong-password, .*moved$"),
        ([""], "unknown"),
        (["stall=1"], "takes no value; write --fault stall$"),
        (["redirect"], "needs a value; write --fault redirect=TO,at=DESCRIBE"),
        (["redirect=http://a/"], "not an address"),
        (["redirect=rtsp://a/\r\nSession: 1"], "not an address"),
        (["redirect=rtsp://a/,status=200"], "none of 301, 302"),
        (["cut=soon"], "soon"),
        (["cut=-1"], "no number from 0"),
        (["cut=nan"], "no number from 0"),
        (["cut="], "--fault cut=5"),
        (["loss=5,lots=3"], "lots"),
        (["session-limit=1.5"], "1.5"),
        (["timestamps=odd"], "none of constant, missing"),
        (["resize=0"], "more than 0"),
        (["cut=1", "cut=2"], "given twice"),
    ],
)
def test_what_is_no_fault_is_named(texts: list[str], reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        parse_faults(texts)


@pytest.mark.parametrize("kind", FAULTS, ids=lambda kind: kind.name)
def test_every_fault_can_be_written_as_the_list_shows_it(kind: type[Fault]) -> None:
    text = usage(kind).replace("=TO", "=rtsp://other/stream")
    (fault,) = parse_faults([text])
    assert type(fault) is kind
    assert kind.__doc__


def test_names_are_unique() -> None:
    assert len({kind.name for kind in FAULTS}) == len(FAULTS)
    with pytest.raises(ValueError, match="two faults of one kind"):
        FaultBoard([Cut(1), Cut(2)])


# A stream


def passing(fault: Fault, units: int) -> list[bool]:
    made = fault.on_stream()
    assert made is not None
    return [made.passes(unit(i)) for i in range(units)]


def test_silence_begins_in_time() -> None:
    assert passing(Stall(), 3) == [False] * 3
    assert passing(StopSending(0.08), 4) == [True, True, False, False]
    stalled = Stall().on_stream()
    assert stalled.report(b"before the first picture") is None


def test_a_cut_comes_in_time() -> None:
    made = Cut(0.08).on_stream()
    assert made.passes(unit(0))
    assert made.passes(unit(1))
    with pytest.raises(HangUp) as end:
        made.passes(unit(2))
    assert end.value.torn == ()


def test_a_picture_of_several_packets_is_torn() -> None:
    made = MidFrame(0.04).on_stream()
    several = [packet(0), packet(0)]
    made.passes(unit(0))
    assert made.packets(several) is several
    made.passes(unit(1))
    one = [packet(0)]
    assert made.packets(one) is one
    with pytest.raises(HangUp) as end:
        made.packets(several)
    assert end.value.torn is several


def test_where_all_pictures_are_small_one_of_them_is_torn() -> None:
    made = MidFrame(0.0).on_stream()
    for index in range(50):
        made.passes(unit(index))
        made.packets([packet(0)])
    made.passes(unit(50))
    with pytest.raises(HangUp):
        made.packets([packet(0)])


def test_losses_repeat_with_their_seed() -> None:
    packets = [packet(0, number) for number in range(1000)]
    first, again, other = (Loss(10, seed).on_stream().packets(packets) for seed in (1, 1, 2))
    assert first == again != other
    assert 850 < len(first) < 950
    assert Loss(0).on_stream().packets(packets) is packets
    assert not Loss(100).on_stream().packets(packets)


def test_jitter_is_bounded() -> None:
    made = Jitter(200).on_stream()
    delays = [made.delay_s() for _ in range(200)]
    assert 0 <= min(delays) < 0.05
    assert 0.15 < max(delays) <= 0.2


@pytest.mark.parametrize(
    ("mode", "wanted"),
    [
        ("constant", [100, 100, 100]),
        ("missing", [0, 0, 0]),
        ("backwards", [100, 100 - FRAME, 100 - 50 * FRAME]),
        ("jump", [100, 100 + FRAME, 100 + 50 * FRAME + 3600 * 90_000]),
        ("wrap", [-180_000, -180_000 + FRAME, 0]),
    ],
)
def test_timestamps_go_wrong(mode: Mode, wanted: list[int]) -> None:
    made = Timestamps(mode).on_stream()
    given = [[packet(100 + index * FRAME)] * 2 for index in (0, 1, 50)]
    assert [stamp(made.packets(packets)) for packets in given] == [
        value & 0xFFFFFFFF for value in wanted
    ]
    assert made.packets(given[0])[0][8:] == given[0][0][8:]


def test_reports_tell_the_same_wrong_time() -> None:
    report = bytes(16) + struct.pack(">I", 100) + bytes(8)
    made = Timestamps("wrap").on_stream()
    changed = made.report(report)
    assert changed is not None
    assert struct.unpack_from(">I", changed, 16)[0] == stamp(made.packets([packet(100)]))
    assert Timestamps("missing").on_stream().report(report) is None


def test_keyframes_come_late() -> None:
    made = LateKeyframe(0.08).on_stream()
    assert [made.passes(unit(index, keyframe=index != 1)) for index in range(4)] == [
        *(False, True),
        *(True, True),
    ]


def test_a_stream_follows_the_board() -> None:
    board = FaultBoard([Stall()])
    faults = StreamFaults(board)
    assert not faults.passes(unit(0))
    board.set([Cut(0.08)])
    assert faults.passes(unit(10))  # its time begins now
    board.set([Cut(0.08), Jitter(1)])
    assert faults.passes(unit(11))
    with pytest.raises(HangUp):
        faults.passes(unit(12))  # and went on when another came
    board.set([])
    assert faults.passes(unit(13))
    assert board.counts == {"stall": 1, "cut": 1}


# Answers


def ask(method: str, **headers: str) -> Request:
    return Request(method, "rtsp://h/stream", "1", tuple(headers.items()))


def test_the_session_limit_counts_the_vanished() -> None:
    sessions, board = SessionRegister(), FaultBoard([SessionLimit(1, linger=60, status=503)])
    assert board.before(ask("SETUP"), sessions) is None
    sessions.opened()
    assert board.before(ask("SETUP"), sessions) == Response(503)
    assert board.before(ask("SETUP", session="mine"), sessions) is None
    assert board.before(ask("DESCRIBE"), sessions) is None
    sessions.closed(torn_down=True)
    assert board.before(ask("SETUP"), sessions) is None
    sessions.opened()
    sessions.closed(torn_down=False)
    assert board.before(ask("SETUP"), sessions) == Response(503)
    board.set([SessionLimit(1, linger=0)])
    assert board.before(ask("SETUP"), sessions) is None


def test_the_first_fault_answers() -> None:
    board = FaultBoard([WrongPassword(), Redirect("rtsp://other/")])
    response = board.before(ask("DESCRIBE"), SessionRegister())
    assert response is not None
    assert response.status == 401
    assert board.counts == {"wrong-password": 1}


def test_only_a_description_is_spoilt() -> None:
    fault = GarbageSdp()
    answer = Response(200, (("Content-Type", "application/sdp"),), b"v=0\r\nm=video 0 x 96\r\n")
    assert fault.after(ask("OPTIONS"), answer) is answer
    spoilt = fault.after(ask("DESCRIBE"), answer)
    assert spoilt.headers == answer.headers
    assert spoilt.body != answer.body
    assert spoilt == fault.after(ask("DESCRIBE"), answer)


# Pictures


def scene() -> np.ndarray[tuple[int, int, int], np.dtype[np.uint8]]:
    rows, columns = np.mgrid[0:120, 0:160]
    board = (((rows // 10 + columns // 10) % 2) * 200 + 20).astype(np.uint8)
    return np.repeat(board[:, :, None], 3, axis=2)


def test_pictures_are_what_their_faults_say() -> None:
    picture = scene()
    dark, covered, blurred = (fault.paint(picture, 0.0) for fault in (Dark(), Covered(), Blurred()))
    assert dark.max() < 12
    assert covered.std() < 8
    assert 60 < covered.mean() < 130
    assert blurred.mean() == pytest.approx(picture.mean(), abs=5)

    def edges(image: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> float:
        return float(np.abs(np.diff(image.astype(int), axis=1)).max())

    assert edges(blurred) < edges(picture) / 3
    assert all(one.shape == picture.shape for one in (dark, covered, blurred))


def test_a_moved_picture_is_the_same_elsewhere() -> None:
    picture = scene()
    moved = Moved(25).paint(picture, 0.0)
    assert np.array_equal(moved[15:, 40:], picture[:-15, :-40])
    assert np.array_equal(Moved(0).paint(picture, 0.0), picture)


def test_sizes_take_turns() -> None:
    picture = scene()
    widths = [Resize(2).paint(picture, at_s).shape[1] for at_s in (0.0, 1.9, 2.0, 3.9, 4.0)]
    assert widths == [160, 160, 80, 80, 160]


# The clock


@pytest.mark.parametrize(
    ("after_s", "for_s", "wanted"),
    [
        (0.0, None, []),
        (0.01, None, [(Stall(),)]),
        (0.0, 0.01, [()]),
        (0.01, 0.01, [(Stall(),), ()]),
    ],
)
async def test_a_plan_is_followed(
    after_s: float, for_s: float | None, wanted: list[tuple[Fault, ...]]
) -> None:
    seen: list[tuple[Fault, ...]] = []

    async def set_faults(faults: tuple[Fault, ...]) -> None:
        seen.append(faults)

    plan = FaultPlan((Stall(),), after_s, for_s)
    assert plan.at_start == (() if after_s else (Stall(),))
    await plan.follow(set_faults, asyncio.Event())
    assert seen == wanted


async def test_a_plan_ends_when_the_camera_does() -> None:
    async def never(faults: tuple[Fault, ...]) -> None:
        pytest.fail(f"set {faults}")

    stop = asyncio.Event()
    stop.set()
    async with asyncio.timeout(5):
        await FaultPlan((Stall(),), 3600, 3600).follow(never, stop)
        await FaultPlan((Stall(),), 0, 3600).follow(never, stop)
