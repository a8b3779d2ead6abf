"""How the benchmarks tell what goes on. Pure."""

import math


def counted(number: int, noun: str) -> str:
    """A number of things: `1 camera`, `4 cameras`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def outlook(measurements: int, seconds: float) -> str:
    """How much there is to do, and about how long it takes."""
    minutes = math.ceil(seconds / 60)
    return f"{counted(measurements, 'measurement')}, about {counted(minutes, 'minute')} in all"
