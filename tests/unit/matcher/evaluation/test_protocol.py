"""Nobody is both enrolled and a stranger, no photo both template and probe."""

import pytest

from matcher.errors import MatcherError
from matcher.evaluation.protocol import Protocol

PEOPLE = {f"p{i}": tuple(range(10, 10 + i % 6)) for i in range(60)}


@pytest.mark.parametrize(("gallery", "photos", "probes"), [(20, 1, 1), (15, 2, 2), (20, 3, 1)])
def test_no_person_and_no_photo_leaks(gallery: int, photos: int, probes: int) -> None:
    splits = Protocol(gallery, photos, probes, splits=8).draw(PEOPLE)
    assert len(splits) == 8
    for split in splits:
        enrolled = [name for name, _ in split.templates]
        assert len(set(enrolled)) == gallery
        assert enrolled == [name for name, _ in split.mated]
        strangers = {name for name, _ in split.strangers}
        assert len(strangers) == len(split.strangers) > 0
        assert strangers.isdisjoint(enrolled)
        # Everybody with enough photos takes part.
        assert strangers | set(enrolled) == {n for n, p in PEOPLE.items() if len(p) >= probes}
        for (name, template), (_, probe) in zip(split.templates, split.mated, strict=True):
            assert (len(template), len(probe)) == (photos, probes)
            assert set(template).isdisjoint(probe)
            assert len({*template, *probe}) == photos + probes
            assert {*template, *probe} <= set(PEOPLE[name])
        for name, probe in split.strangers:
            assert len(set(probe)) == probes
            assert set(probe) <= set(PEOPLE[name])


def test_splits_differ_and_come_again() -> None:
    one, two = Protocol(20, 1, 1, splits=2).draw(PEOPLE)
    assert one != two
    assert Protocol(20, 1, 1, splits=2).draw(dict(reversed(PEOPLE.items()))) == (one, two)
    assert Protocol(20, 1, 1, splits=1, seed=1).draw(PEOPLE) == (two,)


@pytest.mark.parametrize(
    ("protocol", "people", "said"),
    [
        (Protocol(41, 1, 1), PEOPLE, "40 people have 2 usable photos"),
        (Protocol(2, 1, 1), {"a": (0, 1), "b": (0, 1), "c": ()}, "nobody with 1 usable photos"),
        (Protocol(), {}, "0 people"),
    ],
)
def test_too_few_people(protocol: Protocol, people: dict[str, tuple[int, ...]], said: str) -> None:
    with pytest.raises(MatcherError, match=said):
        protocol.draw(people)


def test_counts_below_one_are_refused() -> None:
    with pytest.raises(MatcherError, match="1 or more"):
        Protocol(splits=0)
