"""Every fault by name, and reading one from a command line. Used by `kirdi camera`."""

import math
import re
from collections.abc import Sequence
from dataclasses import MISSING, Field, fields
from typing import Literal, get_args, get_origin, get_type_hints

from streamer.errors import InputError
from streamer.simulator.faults.access import Refuse, SessionLimit, WrongPassword
from streamer.simulator.faults.answers import GarbageSdp, Redirect, SlowAnswer, Trickle
from streamer.simulator.faults.delivery import Cut, Jitter, Loss, MidFrame, Stall, StopSending
from streamer.simulator.faults.fault import Fault
from streamer.simulator.faults.picture import H265, Blurred, Covered, Dark, Mjpeg, Moved, Resize
from streamer.simulator.faults.timing import LateKeyframe, Timestamps

FAULTS: tuple[type[Fault], ...] = (
    *(Refuse, WrongPassword, SessionLimit),
    *(Redirect, GarbageSdp, SlowAnswer, Trickle),
    *(Stall, StopSending, Cut, MidFrame, Loss, Jitter),
    *(Timestamps, LateKeyframe),
    *(H265, Mjpeg, Resize, Dark, Covered, Blurred, Moved),
)


def parse_faults(texts: Sequence[str]) -> tuple[Fault, ...]:
    """Read `NAME`, `NAME=VALUE` or `NAME=VALUE,KEY=VALUE…`, as `usage` writes them.

    Raises:
        InputError: A fault is unknown or given twice, or a value is not one it takes.
    """
    found = tuple(_parse(text) for text in texts)
    names = [fault.name for fault in found]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise InputError(f"--fault {twice}: given twice; give it once")
    return found


def usage(kind: type[Fault]) -> str:
    """How a fault is written, with its defaults: `sessions=1,linger=60,status=453`."""
    values = [
        (field.name, field.name.upper() if field.default is MISSING else _plain(field.default))
        for field in fields(kind)
    ]
    if not values:
        return kind.name
    (_, first), *rest = values
    return ",".join([f"{kind.name}={first}", *(f"{key}={value}" for key, value in rest)])


def _parse(text: str) -> Fault:
    name, equals, rest = text.partition("=")
    kind = next((kind for kind in FAULTS if kind.name == name), None)
    if kind is None:
        known = ", ".join(kind.name for kind in FAULTS)
        raise InputError(f"--fault {name}: unknown; there are {known}")
    known_fields = fields(kind)
    try:
        if equals and not known_fields:
            raise ValueError("takes no value")
        return kind(**(_values(kind, known_fields, rest) if equals else {}))
    except (TypeError, ValueError) as error:
        # A TypeError means that a value without a default is missing.
        reason = str(error) if isinstance(error, ValueError) else "needs a value"
        raise InputError(f"--fault {name}: {reason}; write --fault {usage(kind)}") from error


def _values(
    kind: type[Fault], known: tuple["Field[object]", ...], text: str
) -> dict[str, float | int | str]:
    """The values by field; the first stands alone, since an address may hold commas and equals."""
    keys = "|".join(field.name for field in known)
    first, *pairs = re.split(rf",(?=(?:{keys})=)", text)
    hints = get_type_hints(kind)
    values = {known[0].name: _value(hints[known[0].name], first)}
    for pair in pairs:
        key, _, value = pair.partition("=")
        values[key] = _value(hints[key], value)
    return values


def _value(kind: object, text: str) -> float | int | str:
    if get_origin(kind) is Literal:
        options: tuple[int | str, ...] = get_args(kind)
        for option in options:
            if str(option).lower() == text.lower():
                return option
        raise ValueError(f"{text!r} is none of {', '.join(map(str, options))}")
    if kind is str:
        return text
    number = int(text) if kind is int else float(text)
    if not math.isfinite(number) or number < 0:
        raise ValueError(f"{text!r} is no number from 0")
    return number


def _plain(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
