from streamer.bench.wording import counted, outlook


def test_things_are_counted_as_people_do() -> None:
    assert [counted(number, "camera") for number in (1, 4)] == ["1 camera", "4 cameras"]


def test_how_long_it_takes_is_told_in_minutes() -> None:
    assert outlook(1, 59.0) == "1 measurement, about 1 minute in all"
    assert outlook(6, 61.0) == "6 measurements, about 2 minutes in all"
