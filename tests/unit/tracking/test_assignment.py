"""Who is who among the tracks of one frame, by table."""

import math

import pytest

from streamer.domain.identity import Band
from streamer.tracking.assignment import assign
from streamer.tracking.voting import Claim, Vote

FLOOR = 3.0
ACCEPT, REVIEW = Band.ACCEPT, Band.REVIEW


def showing(*claims: tuple[str, float]) -> Vote:
    """A track with its claims; accepted from 4 on, where nobody else is in question."""
    band = ACCEPT if len(claims) == 1 and claims[0][1] >= 4 else REVIEW
    made = tuple(Claim(*one) for one in claims)
    return Vote(made, band, 4.0, FLOOR, math.inf, 3, "p")


@pytest.mark.parametrize(
    ("votes", "expected"),
    [
        ({}, {}),
        ({1: showing(("a", 5))}, {1: ("a", ACCEPT)}),
        ({1: showing(("a", 5)), 2: showing(("b", 5))}, {1: ("a", ACCEPT), 2: ("b", ACCEPT)}),
        ({1: showing(("a", 5)), 2: showing(("a", 6))}, {2: ("a", ACCEPT)}),
        ({1: showing(("a", 6)), 2: showing(("a", 5))}, {1: ("a", ACCEPT)}),
        ({1: showing(("a", 3.5)), 2: showing(("a", 6))}, {2: ("a", ACCEPT)}),
        (
            {1: showing(("a", 8)), 2: showing(("a", 7.5), ("b", 7))},
            {1: ("a", ACCEPT), 2: ("b", REVIEW)},
        ),
        (
            {1: showing(("a", 8), ("b", 7.9)), 2: showing(("a", 7.8))},
            {1: ("b", REVIEW), 2: ("a", ACCEPT)},
        ),
        (
            {1: showing(("a", 8), ("b", 7.9)), 2: showing(("a", 7.8), ("b", 5))},
            {1: ("b", REVIEW), 2: ("a", REVIEW)},
        ),
        (
            {1: showing(("a", 8), ("b", 3.1)), 2: showing(("a", 7))},
            {1: ("a", REVIEW)},
        ),
        (
            {1: showing(("a", 8), ("b", 5)), 2: showing(("b", 7), ("c", 6)), 3: showing(("b", 9))},
            {1: ("a", REVIEW), 2: ("c", REVIEW), 3: ("b", ACCEPT)},
        ),
    ],
    ids=[
        "nobody",
        "one",
        "two people",
        "two tracks naming one: the surer",
        "the same, the other way round",
        "a weak claim beside a strong one",
        "siblings: the second-best is for a person",
        "siblings: the undivided track keeps its name",
        "twins, both undecided",
        "a faint second claim saves nobody's name",
        "a chain",
    ],
)
def test_assignment(votes: dict[int, Vote], expected: dict[int, tuple[str, Band]]) -> None:
    settled = assign(votes)
    assert {key: (one.owner, one.band) for key, one in settled.items()} == expected
    turned = assign(dict(reversed(votes.items())))
    assert turned == settled


def test_a_second_best_still_shows_the_first() -> None:
    settled = assign({1: showing(("a", 8)), 2: showing(("a", 7.5), ("b", 7))})
    assert [claim.owner for claim in settled[2].claims] == ["b", "a"]
    assert settled[2].margin == -0.5
