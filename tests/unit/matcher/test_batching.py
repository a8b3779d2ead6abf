import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.batching import BUCKETS, pad, plan


@pytest.mark.parametrize(
    ("count", "sizes"),
    [
        (0, []),
        (1, [1]),
        (2, [2]),
        (3, [4]),
        (5, [4, 1]),
        (6, [8]),
        (7, [8]),
        (9, [8, 1]),
        (12, [16]),
        (16, [16]),
        (17, [16, 1]),
        (35, [16, 16, 4]),
    ],
)
def test_splits_into_allowed_sizes(count: int, sizes: list[int]) -> None:
    assert [batch.size for batch in plan(count)] == sizes


@given(st.integers(0, 500), st.sampled_from([(1,), (1, 2), (1, 3, 7), BUCKETS]))
def test_every_input_is_run_once_and_little_is_wasted(count: int, buckets: tuple[int, ...]) -> None:
    at = 0
    for batch in plan(count, buckets):
        assert batch.start == at
        assert batch.start < batch.stop <= batch.start + batch.size
        assert batch.size in buckets
        assert (batch.size - (batch.stop - batch.start)) * 4 <= batch.size
        at = batch.stop
    assert at == count


@pytest.mark.parametrize("buckets", [(), (2, 4), (1, 1), (1, 4, 2)])
def test_refuses_buckets_that_do_not_rise_from_one(buckets: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="rise from 1"):
        plan(3, buckets)


def test_refuses_a_negative_count() -> None:
    with pytest.raises(ValueError, match="-1"):
        plan(-1)


def test_pads_with_the_last_input() -> None:
    padded = pad(np.array([[1], [2]], np.uint8), 4)
    assert padded.tolist() == [[1], [2], [2], [2]]


def test_a_full_batch_is_not_copied() -> None:
    full = np.zeros((2, 1), np.uint8)
    assert pad(full, 2) is full


@pytest.mark.parametrize("count", [0, 3])
def test_refuses_what_does_not_fit(count: int) -> None:
    with pytest.raises(ValueError, match="batch of 2"):
        pad(np.zeros((count, 1), np.uint8), 2)
