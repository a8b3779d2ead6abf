"""A container's quota counts as much as the machine's processors."""

import os
from pathlib import Path

import pytest

from streamer.processors import processors


@pytest.mark.parametrize(
    ("said", "most"),
    [
        ("max 100000\n", None),
        ("100000 100000\n", 1),
        ("50000 100000\n", 1),
        ("", None),
        ("x", None),
    ],
)
def test_the_lesser_of_both(tmp_path: Path, said: str, most: int | None) -> None:
    quota = tmp_path / "cpu.max"
    quota.write_text(said)
    own = len(os.sched_getaffinity(0))
    assert processors(quota) == (own if most is None else most)
    quota.write_text(f"{own * 200000} 100000")
    assert processors(quota) == own


def test_without_a_container(tmp_path: Path) -> None:
    assert processors(tmp_path / "none") == len(os.sched_getaffinity(0))
