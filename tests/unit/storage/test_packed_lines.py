"""Lines out of packed text, by their places."""

from isal import isal_zlib

from streamer.storage.packed_lines import picked_lines


def packed(*lines: bytes) -> bytes:
    return isal_zlib.compress(b"".join(line + b"\n" for line in lines))


def test_places_go_through_all_texts() -> None:
    texts = [packed(b"a", b"", b"c"), packed(b"d", b"e")]
    assert picked_lines(texts, {0, 1, 2, 3, 4}) == {0: b"a", 1: b"", 2: b"c", 3: b"d", 4: b"e"}
    assert picked_lines(texts, [3]) == {3: b"d"}
    assert picked_lines(texts, []) == {}
    assert picked_lines([], []) == {}


def test_a_line_may_lie_across_pieces() -> None:
    """Of lines of all lengths, up to longer than a piece."""
    lines = [bytes([65 + number % 26]) * (number * 997 % 60_000) for number in range(60)]
    lines[30] = b"z" * 700_000
    texts = [packed(*lines[:25]), packed(*lines[25:])]
    assert picked_lines(texts, range(60)) == dict(enumerate(lines))
    for place in (0, 24, 25, 30, 31, 59):
        assert picked_lines(texts, [place]) == {place: lines[place]}


def test_no_more_is_unpacked_than_it_takes() -> None:
    """What comes behind the last one may be anything."""
    spoilt = packed(*[b"%d" % number * 50 for number in range(200_000)])[:-1000]
    assert picked_lines([spoilt, b"no zlib"], [7]) == {7: b"7" * 50}
