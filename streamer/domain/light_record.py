"""Frozen records of which there are hundreds of thousands at a time, such as a report's rows.

mypy refuses to have them changed, as any frozen dataclass. Python itself doesn't watch over that:
it costs six times as much to make one that does, and that was a fifth of a report's time.
"""

from dataclasses import dataclass
from typing import TypeVar, dataclass_transform

Record = TypeVar("Record")


@dataclass_transform(frozen_default=True)
def light_record(cls: type[Record]) -> type[Record]:
    """Make a class such a record: with slots, equal by its values, and with their hash."""
    return dataclass(slots=True, unsafe_hash=True)(cls)
