"""The control socket: one line there, one back; whatever else comes harms nobody."""

import asyncio
import socket
import stat
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from streamer.control import server
from streamer.control.client import ask
from streamer.control.messages import Reply, Request, Verb, pack
from streamer.control.server import ControlServer
from streamer.domain.camera_report import CameraReport
from streamer.domain.camera_state import CameraState, CameraStatus
from streamer.errors import InputError, KirdiError

STATE = CameraState(
    "lobby-1",
    CameraStatus.DEGRADED,
    "dark",
    datetime(2026, 11, 23, tzinfo=UTC),
    remarks=("one", "two"),
)
REPORT = CameraReport(
    STATE,
    "settings",
    "main",
    "front",
    "rtsp://h:554/",
    "lane",
    ((0, 0), (1, 0), (1, 1)),
    5,
    25,
    5,
    0,
)


Answer = Callable[[Request], Awaitable[Reply]]


async def answer(request: Request) -> Reply:
    if request.verb is Verb.REMOVE:
        raise InputError(f"camera {request.camera_id}: unknown")
    return Reply(cameras=(REPORT,))


@asynccontextmanager
async def serving(home: Path, answers: Answer = answer) -> AsyncIterator[None]:
    stop = asyncio.Event()
    task = asyncio.create_task(ControlServer(home, answers).run(stop))
    while not (home / "control.sock").exists():  # noqa: ASYNC110 - a file sets no event
        await asyncio.sleep(0.01)
    try:
        yield
    finally:
        stop.set()
        await asyncio.wait_for(task, 5)


async def raw(home: Path, data: bytes, *, close: bool = False) -> bytes:
    reader, writer = await asyncio.open_unix_connection(home / "control.sock")
    writer.write(data)
    if close:
        writer.write_eof()
    try:
        return await asyncio.wait_for(reader.read(), 5)
    finally:
        writer.close()


async def asked(home: Path, request: Request) -> Reply:
    return await asyncio.to_thread(ask, home, request)


async def test_a_question_is_answered_with_types_and_times(tmp_path: Path) -> None:
    async with serving(tmp_path):
        assert stat.S_IMODE((tmp_path / "control.sock").stat().st_mode) == 0o600
        assert await asked(tmp_path, Request(Verb.STATUS)) == Reply(cameras=(REPORT,))
    assert not (tmp_path / "control.sock").exists()


async def test_an_error_arrives_with_its_exit_code(tmp_path: Path) -> None:
    async with serving(tmp_path):
        with pytest.raises(KirdiError, match="camera x: unknown") as caught:
            await asked(tmp_path, Request(Verb.REMOVE, "x"))
    assert caught.value.exit_code == 4


def test_without_a_service_the_remedy_is_said(tmp_path: Path) -> None:
    for home in (tmp_path, tmp_path / "absent"):
        with pytest.raises(KirdiError, match="start `kirdi run`"):
            ask(home, Request(Verb.STATUS))


async def test_a_stale_socket_is_replaced_and_a_long_home_is_no_matter(tmp_path: Path) -> None:
    home = tmp_path / ("long" * 40)
    home.mkdir()
    (home / "control.sock").touch()
    stop = asyncio.Event()
    task = asyncio.create_task(ControlServer(home, answer).run(stop))
    await asyncio.sleep(0.05)
    assert (await asked(home, Request(Verb.STATUS))).cameras == (REPORT,)
    stop.set()
    await asyncio.wait_for(task, 5)


@pytest.mark.parametrize(
    "line",
    [
        b"\n",
        b"{}\n",
        b"[]\n",
        b'{"verb": "explode"}\n',
        b'{"verb": "add", "camera_id": 7}\n',
        b'{"verb": "status", "more": 1}\n',
        b"\xff\xfe\n",
        b"[" * 60_000 + b"\n",
        b"x" * 70_000 + b"\n",
    ],
)
async def test_nonsense_is_refused_and_the_next_is_served(tmp_path: Path, line: bytes) -> None:
    async with serving(tmp_path):
        reply = await raw(tmp_path, line)
        assert b'"exit_code":1' in reply
        assert (await asked(tmp_path, Request(Verb.STATUS))).cameras == (REPORT,)


async def test_who_goes_away_or_says_nothing_takes_a_place_for_a_moment_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "_READ_S", 0.3)
    async with serving(tmp_path):
        assert b"cut off" in await raw(tmp_path, b'{"verb"', close=True)
        silent = [await asyncio.open_unix_connection(tmp_path / "control.sock") for _ in range(8)]
        with pytest.raises(KirdiError, match="too many"):
            await asked(tmp_path, Request(Verb.STATUS))
        await asyncio.sleep(0.5)
        assert (await asked(tmp_path, Request(Verb.STATUS))).cameras == (REPORT,)
        for _, writer in silent:
            writer.close()


async def test_stopping_waits_for_nobody(tmp_path: Path) -> None:
    async with serving(tmp_path):
        _, writer = await asyncio.open_unix_connection(tmp_path / "control.sock")
        await asyncio.sleep(0.05)
    writer.close()


async def test_a_command_under_way_is_answered_although_the_service_stops(tmp_path: Path) -> None:
    begun, made = asyncio.Event(), asyncio.Event()

    async def slow(_: Request) -> Reply:
        begun.set()
        await made.wait()
        return Reply(added=("side",))

    async with serving(tmp_path, slow):
        asking = asyncio.create_task(asked(tmp_path, Request(Verb.ADD, "side")))
        await asyncio.wait_for(begun.wait(), 5)
        asyncio.get_running_loop().call_later(0.2, made.set)
    assert (await asking).added == ("side",)


async def test_who_gets_no_answer_is_told_to_look_and_the_loop_hears_of_no_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "_FINISH_S", 0.1)
    faults: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: faults.append(context))
    begun = asyncio.Event()

    async def never(_: Request) -> Reply:
        begun.set()
        await asyncio.Event().wait()
        return Reply()

    async with serving(tmp_path, never):
        asking = asyncio.create_task(asked(tmp_path, Request(Verb.ADD, "side")))
        await asyncio.wait_for(begun.wait(), 5)
    with pytest.raises(KirdiError, match="kirdi cameras list"):
        await asking
    assert faults == []


async def test_another_user_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even one who gets at the socket: its owner is asked of the kernel."""
    async with serving(tmp_path):
        monkeypatch.setattr("os.geteuid", lambda: 12345)
        with pytest.raises(KirdiError, match="its own user"):
            await asked(tmp_path, Request(Verb.STATUS))


def test_a_service_that_never_answers_is_given_up(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "control.sock"))
        listener.listen()
        with pytest.raises(KirdiError, match="no answer"):
            ask(tmp_path, Request(Verb.STATUS), timeout_s=0.1)


async def test_what_was_asked_for_ends_when_who_asked_hangs_up(tmp_path: Path) -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def slow(request: Request) -> Reply:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        raise AssertionError

    async with serving(tmp_path, slow):
        _, writer = await asyncio.open_unix_connection(tmp_path / "control.sock")
        writer.write(pack(Request(Verb.COMPARE, "desk-1", patient_ref="P-1")))
        await asyncio.wait_for(begun.wait(), 5)
        writer.close()
        await asyncio.wait_for(ended.wait(), 5)


async def test_a_change_is_made_although_who_asked_hangs_up(tmp_path: Path) -> None:
    begun, go_on, done = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def slow(request: Request) -> Reply:
        begun.set()
        await go_on.wait()
        done.set()
        return Reply()

    async with serving(tmp_path, slow):
        _, writer = await asyncio.open_unix_connection(tmp_path / "control.sock")
        writer.write(pack(Request(Verb.ADD, "side")))
        await asyncio.wait_for(begun.wait(), 5)
        writer.close()
        await asyncio.sleep(0.05)
        go_on.set()
        await asyncio.wait_for(done.wait(), 5)


async def test_what_ends_with_who_asks_is_answered_to_who_waits(tmp_path: Path) -> None:
    async def refuses(request: Request) -> Reply:
        raise InputError(f"patient {request.patient_ref}: is unknown")

    async with serving(tmp_path):
        reply = await asked(tmp_path, Request(Verb.COMPARE, "desk-1", patient_ref="P-1"))
        assert reply.cameras == (REPORT,)
    async with serving(tmp_path, refuses):
        with pytest.raises(KirdiError, match="P-1: is unknown") as refusal:
            await asked(tmp_path, Request(Verb.COMPARE, "desk-1", patient_ref="P-1"))
        assert refusal.value.exit_code == 4
