"""Times two or three ways to do the same, in turns: whatever else the machine does hits all."""

import time
from collections.abc import Callable
from typing import Final

from streamer.bench.matcher_figures import Timings

Work = Callable[[], object]

_LEAST_TURNS: Final = 3


def taking_turns(ours: Work, bare: Work, seconds: float, other: Work | None = None) -> Timings:
    """Call them again and again for so long, each three times at least; blocking.

    Each is called once before, off the clock. Who is first changes with every turn, since the
    second finds the caches warm.
    """
    works = [ours, bare] + ([other] if other is not None else [])
    spent: list[list[float]] = [[] for _ in works]
    for work in works:
        work()
    cpu_s, turn, until = 0.0, 0, time.monotonic() + seconds
    while turn < _LEAST_TURNS or time.monotonic() < until:
        for place in range(len(works)):
            number = (place + turn) % len(works)
            cpu_began, began = time.process_time(), time.perf_counter()
            works[number]()
            spent[number].append(time.perf_counter() - began)
            if number == 0:
                cpu_s += time.process_time() - cpu_began
        turn += 1
    return Timings(spent[0], spent[1], cpu_s, spent[2] if other is not None else ())
