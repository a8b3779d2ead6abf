"""How the audit is listed for people."""

from streamer.commands.audit import brief


def test_details_are_cut_to_a_line_and_short_ones_are_whole() -> None:
    assert brief((("rows", 3), ("before", None))) == "rows=3 before=None"
    rows = " ".join(f"P-{number}" for number in range(10_000))
    listed = brief((("created", 10_000), ("refs", rows), ("part", 1)))
    assert listed.startswith("created=10000 refs=P-0 P-1 ")
    assert listed.endswith("… part=1"), "what comes after a long value is still shown"
    assert len(brief(tuple((f"name{number}", rows) for number in range(50)))) == 120
