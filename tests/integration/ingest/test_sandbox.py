"""What a decoder that was taken over can do: a real process goes into the sandbox and tries."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from av import VideoFrame

from streamer.ingest import landlock
from streamer.ingest.probe_child import encode
from streamer.ingest.protocol import Counters, FailureKind
from tests.data import ROOT
from tests.integration.ingest.watching import play_to_the_end, request
from tests.video import VideoCodec, make_video

pytestmark = pytest.mark.skipif(landlock.abi() < 6, reason="this kernel's Landlock is too old")

# Each attempt is a function; what it returns or how it fails is told as JSON.
ATTEMPTS = """
import ctypes, json, os, signal, socket, sys, threading
from pathlib import Path
from streamer.ingest.confinement import close_network, confine, lock_down

key, service, ours, other, pathname, abstract, confined = json.loads(sys.argv[1])
libc = ctypes.CDLL(None, use_errno=True)

def connect(*place):
    with socket.socket() as tried:
        tried.connect(place)

def unix(name):
    with socket.socket(socket.AF_UNIX) as tried:
        tried.connect(name)

def look_into_service():
    with open(f"/proc/{service}/mem", "rb", buffering=0) as memory:
        memory.seek(int(open(f"/proc/{service}/maps").readline().split("-")[0], 16))
        memory.read(16)

def attach():
    if libc.ptrace(16, service, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    os.waitpid(service, 0x40000000)
    libc.ptrace(17, service, 0, 0)

def spawn():
    os.waitpid(os.posix_spawn("/bin/true", ["true"], {}), 0)

def fork():
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)

def datagram():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as tried:
        tried.sendto(b"x", ("127.0.0.1", other))

def listen():
    with socket.socket() as tried:
        tried.bind(("127.0.0.1", 0))
        tried.listen()

def in_a_thread():
    failures = []
    def run():
        try:
            Path(key).read_bytes()
        except OSError as error:
            failures.append(error)
    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if failures:
        raise failures[0]

attempts = {
    "read the key": lambda: Path(key).read_bytes(),
    "read the key in a new thread": in_a_thread,
    "list the home folder": lambda: os.listdir(os.path.dirname(key)),
    "read /etc/passwd": lambda: Path("/etc/passwd").read_bytes(),
    "write beside the key": lambda: Path(key + ".new").write_bytes(b"x"),
    "write to /dev/shm": lambda: Path(f"/dev/shm/kirdi-{os.getpid()}").write_bytes(b""),
    "read the service's environment": lambda: Path(f"/proc/{service}/environ").read_bytes(),
    "read the service's memory": look_into_service,
    "trace the service": attach,
    "signal the service": lambda: os.kill(service, 0),
    "start a program": spawn,
    "fork": fork,
    "connect elsewhere": lambda: connect("127.0.0.1", other),
    "connect to the database": lambda: unix(pathname),
    "connect to an abstract socket": lambda: unix("\\0" + abstract),
    "send a datagram": datagram,
    "listen": listen,
    "connect to the relay": lambda: connect("127.0.0.1", ours),
}
if confined:
    confine()
    lock_down(port=ours)
told = {}
def tell(name):
    try:
        attempts[name]()
        told[name] = "done"
    except OSError as error:
        told[name] = error.strerror
for name in attempts:
    tell(name)
if confined:
    threading.Thread(target=close_network, kwargs={"udp": False}).start()
    while threading.active_count() > 1:
        pass
    told["connect to the relay before"] = told["connect to the relay"]
    tell("connect to the relay")
print(json.dumps(told))
"""


def attempt(folder: Path, *, confined: bool) -> dict[str, str]:
    key = folder / "key"
    key.write_text("secret")
    key.chmod(0o600)
    service = subprocess.Popen(["/bin/sleep", "60"], env={"SECRET": "x"})
    try:
        with (
            socket.create_server(("127.0.0.1", 0)) as ours,
            socket.create_server(("127.0.0.1", 0)) as other,
            socket.socket(socket.AF_UNIX) as pathname,
            socket.socket(socket.AF_UNIX) as abstract,
        ):
            for one, name in ((pathname, str(folder / "s")), (abstract, f"\0kirdi-{os.getpid()}")):
                one.bind(name)
                one.listen()
            given = json.dumps(
                [
                    str(key),
                    service.pid,
                    ours.getsockname()[1],
                    other.getsockname()[1],
                    str(folder / "s"),
                    f"kirdi-{os.getpid()}",
                    confined,
                ]
            )
            done = subprocess.run(
                [sys.executable, "-c", ATTEMPTS, given],
                cwd=ROOT,
                env={"PYTHONPATH": str(ROOT)},
                capture_output=True,
                timeout=60,
                check=False,
            )
        assert done.returncode == 0, done.stderr.decode()
        told: dict[str, str] = json.loads(done.stdout)
        return told
    finally:
        service.kill()
        service.wait()
        for left in Path("/dev/shm").glob("kirdi-*"):
            left.unlink()


def test_every_way_out_is_closed(tmp_path: Path) -> None:
    told = attempt(tmp_path, confined=True)
    assert told.pop("connect to the relay before") == "done"
    refused = {"Permission denied", "Operation not permitted"}
    assert {name: how for name, how in told.items() if how not in refused} == {}


def test_each_attempt_would_succeed_outside(tmp_path: Path) -> None:
    told = attempt(tmp_path, confined=False)
    if os.geteuid() != 0:
        told.pop("trace the service")  # Yama may keep siblings from tracing each other.
        told.pop("read the service's memory")
    assert {name: how for name, how in told.items() if how != "done"} == {}


WITHOUT_LANDLOCK = """
import errno, json
from streamer.ingest import confinement, landlock, seccomp

confinement.confine()
seccomp._install(seccomp._deny(444, errno.ENOSYS))
assert landlock.abi() == 0
confinement.lock_down(port=1)
open("/etc/passwd").close()
print(json.dumps(confinement.shortcomings()))
"""


def test_a_kernel_without_landlock_is_made_do_with_and_named() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_LANDLOCK],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        timeout=60,
        check=True,
    )
    assert json.loads(done.stdout) == ["sandbox: no Landlock in this kernel"]


@pytest.mark.parametrize("codec", ["libx264", "libx265", "libvpx-vp9", "mpeg4"])
async def test_what_cameras_send_is_decoded_inside(tmp_path: Path, codec: VideoCodec) -> None:
    frames = make_video(tmp_path / "a.mkv", codec, size=(320, 240))
    failure, counters = await play_to_the_end(request(tmp_path / "a.mkv"))
    assert failure.kind is FailureKind.ENDED
    assert counters == Counters(decoded=frames, dropped=counters.dropped, packets=frames)


async def test_mjpeg_is_decoded_inside(tmp_path: Path) -> None:
    pictures = [VideoFrame(320, 240, "yuvj420p") for _ in range(10)]
    (tmp_path / "a.mjpeg").write_bytes(b"".join(encode(one, "mjpeg") for one in pictures))
    failure, counters = await play_to_the_end(request(tmp_path / "a.mjpeg"))
    assert failure.kind is FailureKind.ENDED
    assert counters == Counters(decoded=10, dropped=counters.dropped, packets=counters.packets)
