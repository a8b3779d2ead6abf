"""What processes use, read from /proc: CPU seconds and memory. Linux only, as the product is."""

import os
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_PROC: Final = Path("/proc")


@dataclass(frozen=True, slots=True)
class ProcessUsage:
    """CPU seconds of one process since it started.

    Attributes:
        parent: Its parent's pid.
        own_s: User and system time of all its threads.
        reaped_s: The same of children that ended and were waited for.
    """

    parent: int
    own_s: float
    reaped_s: float

    @classmethod
    def of(cls, pid: int) -> "ProcessUsage | None":
        """Read a process's; None once it is gone."""
        try:
            line = (_PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return None
        return cls.parse(line, os.sysconf("SC_CLK_TCK"))

    @classmethod
    def parse(cls, line: str, ticks_a_second: int) -> "ProcessUsage":
        """Read a line of /proc/PID/stat (proc(5)); the name in it may hold blanks and brackets."""
        fields = line.rpartition(")")[2].split()
        user, system, reaped_user, reaped_system = (int(field) for field in fields[11:15])
        return cls(
            parent=int(fields[1]),
            own_s=(user + system) / ticks_a_second,
            reaped_s=(reaped_user + reaped_system) / ticks_a_second,
        )


def descendants(root: int) -> tuple[int, ...]:
    """The pids of a process's children and theirs, as of now."""
    children: dict[int, list[int]] = {}
    for pid in _pids():
        usage = ProcessUsage.of(pid)
        if usage is not None:
            children.setdefault(usage.parent, []).append(pid)
    found: list[int] = []
    waiting = list(children.get(root, ()))
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        waiting.extend(children.get(pid, ()))
    return tuple(found)


def cpu_seconds(pids: Iterable[int]) -> float:
    """CPU seconds of these processes with the children they have reaped."""
    usages = (ProcessUsage.of(pid) for pid in pids)
    return sum(usage.own_s + usage.reaped_s for usage in usages if usage is not None)


def family_cpu_seconds(root: int) -> float:
    """CPU seconds of a process, its children and theirs, ended or not."""
    me = ProcessUsage.of(root)
    return 0.0 if me is None else me.own_s + me.reaped_s + cpu_seconds(descendants(root))


def thread_cpu_seconds(name: str) -> float:
    """CPU seconds of this process's threads of that name."""
    total = 0.0
    for thread in threading.enumerate():
        if thread.name == name and thread.native_id is not None:
            line = (_PROC / "self" / "task" / str(thread.native_id) / "stat").read_text(
                encoding="utf-8", errors="replace"
            )
            total += ProcessUsage.parse(line, os.sysconf("SC_CLK_TCK")).own_s
    return total


def idle_seconds() -> float:
    """CPU seconds, over all processors, in which nobody on this machine had work for one."""
    line = (_PROC / "stat").read_text(encoding="ascii").splitlines()[0]
    idle, waiting = (int(field) for field in line.split()[4:6])
    return (idle + waiting) / os.sysconf("SC_CLK_TCK")


def memory_mb(pid: int) -> float | None:
    """Proportional set size, MB: what is shared counts in shares. None where it may not be read."""
    try:
        text = (_PROC / str(pid) / "smaps_rollup").read_text(encoding="ascii")
    except OSError:
        return None
    for line in text.splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024 / 1e6
    return None


def _pids() -> Iterator[int]:
    for entry in os.listdir(_PROC):  # noqa: PTH208 - a plain list of names is all this needs
        if entry.isdigit():
            yield int(entry)
