"""What tests.tracking counts, on a scene small enough to count by hand."""

from tests.tracking.figures import tracking_figures


def test_a_perfect_tracker() -> None:
    figures = tracking_figures([[("a", 0), ("b", 1)], [("b", 1), ("a", 0)]])
    assert (figures.idf1, figures.switches, figures.breaks, figures.mixed) == (1.0, 0, 0, 0)


def test_two_people_who_change_tracks() -> None:
    frames = [[("a", 0), ("b", 1)]] * 3 + [[("a", 1), ("b", 0)]] * 2
    figures = tracking_figures(frames)
    assert (figures.switches, figures.mixed, figures.agreed) == (2, 2, 6)
    assert figures.idf1 == 0.6


def test_a_pause_without_a_track_is_a_break_and_costs_recall() -> None:
    figures = tracking_figures([[("a", 0)], [("a", None)], [("a", 0)], [(None, 5)]])
    assert (figures.breaks, figures.switches, figures.agreed) == (1, 0, 2)
    assert figures.idf1 == 2 * 2 / (3 + 3)
