"""What a process holds, and how that grows. Used by the fuzz and soak commands."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil

_PRIVATE = ("Private_Clean:", "Private_Dirty:", "Private_Hugetlb:")


@dataclass(frozen=True, slots=True)
class Usage:
    """A process at one moment.

    Attributes:
        at: Monotonic time, seconds.
        private_mb: Memory that only this process has (USS), in units of 2**20 bytes.
    """

    at: float
    private_mb: float
    descriptors: int
    threads: int
    children: int


def usage_of(pid: int) -> Usage:
    """Look at a process.

    Raises:
        psutil.NoSuchProcess: It is gone.
    """
    process = psutil.Process(pid)
    return Usage(
        at=time.monotonic(),
        private_mb=private_mb(pid),
        descriptors=process.num_fds(),
        threads=process.num_threads(),
        children=len(process.children(recursive=True)),
    )


def private_mb(pid: int) -> float:
    """Memory that only this process has.

    Raises:
        psutil.NoSuchProcess: It is gone.
    """
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError as error:
        raise psutil.NoSuchProcess(pid) from error
    return sum(int(line.split()[1]) for line in lines if line.startswith(_PRIVATE)) / 1024


def slope_mb_h(samples: Sequence[tuple[float, float]]) -> float:
    """Growth in MB an hour: the straight line through (seconds, MB) with the least squares."""
    if len(samples) < 3:
        return 0.0
    times, sizes = np.array(samples).T
    return float(np.polyfit(times - times[0], sizes, 1)[0]) * 3600


def growth_mb(samples: Sequence[tuple[float, float]]) -> float:
    """From the median of the second quarter to that of the last one; the first is warming up."""
    quarter = len(samples) // 4
    if quarter == 0:
        return 0.0
    sizes = [size for _, size in samples]
    return float(np.median(sizes[-quarter:]) - np.median(sizes[quarter : 2 * quarter]))
