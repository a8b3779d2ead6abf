"""Killed parts and restarts: one check-in per appointment, and nothing left behind."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from streamer.embedded.services import EmbeddedServers
from tests.acceptance.kirdi import COMMAND, Kirdi
from tests.acceptance.people import unseen_clips

Enrol = Callable[[str], None]


def decoders_of(pid: int) -> list[psutil.Process]:
    return [
        child
        for child in psutil.Process(pid).children(recursive=True)
        if "streamer.ingest.decoder" in " ".join(child.cmdline())
    ]


def processes_of(home: Path) -> list[str]:
    """Whatever still runs for this installation: servers, services, decoders."""
    found = []
    for process in psutil.process_iter(["cmdline", "environ"]):
        words = " ".join(process.info["cmdline"] or [])
        home_of = (process.info["environ"] or {}).get("KIRDI_HOME")
        if str(home) in words or home_of == str(home):
            found.append(words)
    return found + [server.name() for server in servers_of(home)]


def shared_memory() -> set[str]:
    """What lies in /dev/shm, PostgreSQL servers of the system's own apart: ours use none."""
    return {name for name in os.listdir("/dev/shm") if not name.startswith("PostgreSQL.")}


@pytest.mark.long
def test_a_killed_decoder_comes_back_and_the_service_does_not_notice(
    kirdi: Kirdi, enrol: Enrol
) -> None:
    kirdi.import_people(["A"])
    with kirdi.camera(unseen_clips("A")[0], loop=True) as url:
        kirdi.cameras = [{"id": "lobby-1", "url": url}]
        with kirdi.service() as service:
            service.wait_until_logged('"status": "streaming"')
            (decoder,) = decoders_of(service.process.pid)
            decoder.kill()
            service.wait_until_logged('"status": "streaming"', seconds=5, times=2)
            (after,) = decoders_of(service.process.pid)
            assert after.pid != decoder.pid
            # Enrolled only now: what follows is recognised by the decoder that came back.
            enrol("A")
            service.wait_for(lambda: len(kirdi.check_ins()) == 1, 30)


@pytest.mark.long
def test_a_restart_in_the_middle_of_a_clip_doubles_nothing(kirdi: Kirdi, enrol: Enrol) -> None:
    kirdi.import_people(["A"])
    enrol("A")
    with kirdi.camera(unseen_clips("A")[0], loop=True) as url:
        kirdi.cameras = [{"id": "lobby-1", "url": url}]
        with kirdi.service() as service:
            service.wait_until_logged('"recorded": "written"')
        with kirdi.service() as service:
            service.wait_until_logged('"reason": "already_arrived"')
    assert len(kirdi.check_ins()) == 1


def test_a_killed_service_leaves_nothing_and_the_next_goes_on(kirdi: Kirdi, enrol: Enrol) -> None:
    kirdi.import_people(["A"])
    enrol("A")
    shared = shared_memory()
    with kirdi.camera(unseen_clips("A")[0], loop=True) as url:
        kirdi.cameras = [{"id": "lobby-1", "url": url}]
        with kirdi.service() as service:
            service.wait_until_logged('"recorded": "written"')
            decoders = decoders_of(service.process.pid)
            assert decoders
            service.kill()
            _, alive = psutil.wait_procs(decoders, timeout=5)
            assert not alive
        with kirdi.service() as service:
            service.wait_until_logged('"reason": "already_arrived"')
    assert len(kirdi.check_ins()) == 1
    assert processes_of(kirdi.home) == []
    assert shared_memory() <= shared


@pytest.mark.long
def test_a_second_service_on_the_same_home_is_refused(kirdi: Kirdi) -> None:
    with kirdi.service() as service:
        service.wait_until_logged("service ready")
        second = kirdi("run")
        assert second.code == 1
        assert "another one runs" in second.err
        service.process.send_signal(signal.SIGINT)
        assert service.process.wait(20) == 0


@pytest.mark.long
@pytest.mark.parametrize("home", ["home", "a-home-too-long-for-the-path-of-a-socket-" + 60 * "x"])
def test_embedded_servers_that_die_are_started_again(kirdi: Kirdi, enrol: Enrol, home: str) -> None:
    """The database is killed before anybody comes; what is seen meanwhile is written afterwards."""
    kirdi.home.rename(kirdi.folder / home)
    kirdi.home_name = home
    kirdi.import_people(["A"])
    enrol("A")
    with kirdi.camera(unseen_clips("A")[0], loop=True) as url:
        kirdi.cameras = [{"id": "lobby-1", "url": url}]
        with kirdi.service() as service:
            service.wait_until_logged("service ready")
            killed = servers_of(kirdi.home)
            assert len(killed) == 2
            for server in killed:
                server.kill()
            service.wait_until_logged("embedded server died", times=2)
            service.wait_until_logged('"recorded": "written"', seconds=40)
            assert "Traceback" not in service.log
    assert len(kirdi.check_ins()) == 1
    assert processes_of(kirdi.home) == []


def servers_of(home: Path) -> list[psutil.Process]:
    """The embedded servers' main processes."""
    states = EmbeddedServers(home).status()
    return [psutil.Process(state.pid) for state in states if state.pid is not None]


def test_a_command_that_is_ended_leaves_no_server(kirdi: Kirdi) -> None:
    file = kirdi.folder / "many.csv"
    rows = (f"p-{index},Person {index}" for index in range(50_000))
    file.write_text("patient_ref,full_name\n" + "\n".join(rows))
    kirdi.ok("db", "migrate")
    process = subprocess.Popen([*COMMAND, "patients", "import", str(file)], env=kirdi.env)
    until = time.monotonic() + 60
    while not servers_of(kirdi.home):
        assert time.monotonic() < until
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 143
    assert processes_of(kirdi.home) == []
