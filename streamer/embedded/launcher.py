"""The program that becomes a server: run by `process.py`, imports nothing of ours.

It takes the server's lock file, leaves the caller's session, gives up root where the server
refuses it, and executes the server, which inherits the lock. So the lock is held exactly as long
as any process of the server lives, and holds the server's pid and start time.

Root is given up without a system user of our own: in a user namespace that maps a plain uid to
root (file access stays root's own), else as an unprivileged uid that keeps CAP_DAC_OVERRIDE, so
that closed parent folders stay as closed as they are.
"""

import ctypes
import fcntl
import json
import os
import pwd
import resource
import signal
import sys
import time
from pathlib import Path

ALREADY_RUNNING = 75

_CLONE_NEWUSER = 0x10000000
_PR_SET_PDEATHSIG = 1
_PR_SET_KEEPCAPS = 8
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_RAISE = 2
_CAPABILITY_VERSION_3 = 0x20080522
_CAP_DAC_OVERRIDE = 1
_OVERFLOW_UID = 65534

_libc = ctypes.CDLL(None, use_errno=True)


def _checked(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def _plain_user() -> tuple[int, int]:
    """A uid and gid that are not root's and stand in the user list (initdb looks them up)."""
    users = [user for user in pwd.getpwall() if user.pw_uid != 0]
    users.sort(key=lambda user: user.pw_uid == _OVERFLOW_UID)
    if not users:
        raise OSError(0, "the system's user list names nobody but root")
    return users[0].pw_uid, users[0].pw_gid


def enter_namespace() -> None:
    """Become a plain uid in a new user namespace; outside it this stays the caller's uid."""
    uid, gid = os.geteuid(), os.getegid()
    inside_uid, inside_gid = _plain_user()
    if uid == 0:
        os.setgroups([])
    _checked(_libc.unshare(_CLONE_NEWUSER), "unshare")
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{inside_uid} {uid} 1"),
        ("gid_map", f"{inside_gid or 1} {gid} 1"),
    ):
        Path(f"/proc/self/{name}").write_text(text, encoding="ascii")


def _namespace_serves(folders: list[str]) -> bool:
    """Whether a namespaced child could use the folders; tried in a child, as it can't be undone."""
    child = os.fork()
    if child == 0:
        try:
            enter_namespace()
            usable = all(os.access(folder, os.R_OK | os.W_OK | os.X_OK) for folder in folders)
        except OSError:
            usable = False
        os._exit(0 if usable else 1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def become_plain_user() -> None:
    """Become an unprivileged uid that may still pass root's closed folders, and nothing more."""
    uid, gid = _plain_user()
    _checked(_libc.prctl(_PR_SET_KEEPCAPS, 1, 0, 0, 0), "prctl")
    os.setgroups([])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)
    bit = 1 << _CAP_DAC_OVERRIDE
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    words = (ctypes.c_uint32 * 6)(bit, bit, bit, 0, 0, 0)
    _checked(_libc.capset(header, words), "capset")
    raised = _libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, _CAP_DAC_OVERRIDE, 0, 0)
    _checked(raised, "prctl")


def _give(folders: list[str], uid: int, gid: int) -> None:
    """Hand the server's own folders, with all in them, to the uid it will run as."""
    for folder in folders:
        if os.lstat(folder).st_uid == uid:
            continue
        for path in Path(folder).rglob("*"):
            os.chown(path, uid, gid, follow_symlinks=False)
        os.chown(folder, uid, gid, follow_symlinks=False)


def give_up_root(own: list[str], reach: list[str]) -> None:
    """See the module. `own` are folders the server must own, `reach` those it must write to."""
    if os.geteuid() != 0:
        try:
            pwd.getpwuid(os.geteuid())
        except KeyError:
            enter_namespace()
        return
    if _namespace_serves([*(str(Path(folder).parent) for folder in own), *reach]):
        _give(own, 0, 0)
        enter_namespace()
        return
    _give(own, *_plain_user())
    become_plain_user()


def _take_lock(path: str) -> int:
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    for _ in range(20):  # someone who only asks whether it is held holds it for a moment
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.05)
        else:
            os.set_inheritable(lock, True)
            return lock
    sys.exit(ALREADY_RUNNING)


def _write_record(lock: int, socket: str) -> None:
    fields = Path("/proc/self/stat").read_text(encoding="utf-8", errors="replace")
    started = int(fields.rpartition(")")[2].split()[19])
    record = {"pid": os.getpid(), "started": started, "socket": socket}
    os.ftruncate(lock, 0)
    os.pwrite(lock, json.dumps(record).encode(), 0)


def _execute(spec: dict[str, str], argv: list[str], own: list[str], reach: list[str]) -> None:
    os.umask(0o077)
    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    # One byte stops dumps that go to a program too (core(5)); none would only stop files.
    bound = 1 if hard == resource.RLIM_INFINITY else min(1, hard)
    resource.setrlimit(resource.RLIMIT_CORE, (bound, bound))
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    os.chdir(spec["folder"])
    give_up_root(own, reach)
    if not spec["lock"]:
        # After the change of user, which clears it: a step of making a database ends with us.
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
    os.execve(argv[0], argv, environment)  # noqa: S606 - no shell is the point


def _leave_and_execute(
    spec: dict[str, str], argv: list[str], own: list[str], reach: list[str]
) -> int:
    """Execute in a child of its own session; 0 when it runs, else its error on stderr and 1."""
    lock = _take_lock(spec["lock"])
    reader, writer = os.pipe()
    if os.fork() != 0:
        os.close(writer)
        with os.fdopen(reader, "rb") as pipe:
            complaint = pipe.read()
        sys.stderr.buffer.write(complaint)
        return 1 if complaint else 0
    try:
        os.close(reader)
        os.setsid()
        output = os.open(spec["output"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.dup2(output, 1)
        os.dup2(output, 2)
        _write_record(lock, spec["socket"])
        _execute(spec, argv, own, reach)
    except OSError as error:
        os.write(writer, str(error).encode())
    os._exit(1)


def main() -> int:
    """Run what the first argument describes (JSON, made by `process.py`)."""
    spec = json.loads(sys.argv[1])
    argv, own, reach = spec["argv"], spec["own"], spec["reach"]
    if spec["lock"]:
        return _leave_and_execute(spec, argv, own, reach)
    try:
        _execute(spec, argv, own, reach)
    except OSError as error:
        sys.stderr.write(f"{error}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
