"""Looking for garbage more rarely, for as long as anybody makes a report."""

import gc

import pytest

from streamer.reporting.rare_collections import rare_collections


def test_the_last_to_leave_puts_back_what_was() -> None:
    usual = gc.get_threshold()
    first, second = rare_collections(), rare_collections()
    with first:
        rare = gc.get_threshold()
        assert rare[0] > usual[0]
        with second:
            assert gc.get_threshold() == rare
        assert gc.get_threshold() == rare
    assert gc.get_threshold() == usual


def test_a_failure_puts_it_back_too() -> None:
    usual = gc.get_threshold()
    with pytest.raises(ValueError, match="ended"), rare_collections():
        raise ValueError("ended")
    assert gc.get_threshold() == usual
