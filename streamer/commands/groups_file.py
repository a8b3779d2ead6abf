"""Reads which group each person belongs to. Used by `kirdi evaluate --groups`."""

import csv
from collections.abc import Collection
from pathlib import Path

from streamer.errors import InputError

_COLUMNS = ("person", "group")


def read_groups(path: Path, people: Collection[str]) -> dict[str, str]:
    """Person to group; people the file doesn't name stay without one.

    Args:
        path: CSV, UTF-8, with columns person and group.
        people: Names of the folders; the file may hold others too.

    Raises:
        InputError: It cannot be read, lacks a column, says two things of one person, or names
            nobody who is there.
    """
    groups: dict[str, str] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            missing = [name for name in _COLUMNS if name not in (reader.fieldnames or ())]
            if missing:
                raise InputError(
                    f"{path}: lacks the column {missing[0]}; its first line must be: person,group"
                )
            for row in reader:
                person, group = ((row[name] or "").strip() for name in _COLUMNS)
                if not person or not group:
                    raise InputError(
                        f"{path}, line {reader.line_num}: a person or group is missing"
                    )
                if groups.setdefault(person, group) != group:
                    raise InputError(
                        f"{path}, line {reader.line_num}: this person has another group above"
                    )
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path}: is no CSV file in UTF-8 ({error})") from error
    if groups.keys().isdisjoint(people):
        raise InputError(
            f"{path}: names nobody of the folder; its persons must be the names of the folders"
        )
    return groups
