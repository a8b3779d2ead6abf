from hypothesis import given
from hypothesis import strategies as st

from streamer.simulator.packet_times import MAX_LEAD, TimedPacket, complete_times

FRAME = 3600


def times(
    *given_times: tuple[int | None, int | None], order: tuple[int, ...] = ()
) -> list[tuple[int, int]]:
    packets = [TimedPacket(dts, pts, 0, False, b"x") for dts, pts in given_times]
    return [(packet.dts, packet.pts) for packet in complete_times(packets, FRAME, order)]


def test_complete_times_stay() -> None:
    given_times = [(0, 7200), (3600, 18000), (7200, 10800)]
    assert times(*given_times) == given_times


def test_a_lead_without_decoding_times_is_counted_back() -> None:
    found = times((None, 0), (None, 10800), (0, 3600), (3600, 7200))
    assert found == [(-7200, 0), (-3600, 10800), (0, 3600), (3600, 7200)]


def test_presentation_times_alone_are_enough() -> None:
    found = times((None, 1000), (None, 4600), (None, 8200))
    assert found == [(1000, 1000), (4600, 4600), (8200, 8200)]


def test_a_long_lead_is_not_held_back() -> None:
    given_times = [(None, index * FRAME) for index in range(3 * MAX_LEAD)]
    assert [dts for dts, _ in times(*given_times)] == [pts for _, pts in given_times]


def test_no_times_are_counted() -> None:
    assert times(*[(None, None)] * 3) == [(0, 0), (3600, 3600), (7200, 7200)]


def test_no_times_with_reordering_are_counted_in_display_order() -> None:
    found = times(*[(None, None)] * 4, order=(0, 3, 1, 2))
    assert [pts for _, pts in found] == [3600, 14400, 7200, 10800]
    assert all(dts <= pts for dts, pts in found)


def test_made_up_times_give_way_to_display_order() -> None:
    assert times((0, 1), (1, 2), (2, 3), order=(0, 2, 1))[1] == (3600, 10800)


def test_a_small_step_back_is_a_flaw() -> None:
    assert times((0, 0), (3600, 3600), (3000, 7200)) == [(0, 0), (3600, 3600), (3600, 7200)]


def test_a_clock_that_starts_again_goes_on() -> None:
    found = times((900_000, 900_000), (903_600, 903_600), (0, 0), (3600, 3600))
    assert found[2:] == [(907_200, 907_200), (910_800, 910_800)]


def test_a_missing_time_in_the_middle_follows_the_packet_before() -> None:
    found = times((0, 7200), (None, None), (7200, 14400))
    assert found == [(0, 7200), (3600, 10800), (7200, 14400)]


some_time = st.one_of(st.none(), st.integers(-(10**7), 10**7))


@given(st.lists(st.tuples(some_time, some_time), max_size=100))
def test_whatever_a_file_says_nothing_is_lost_and_time_does_not_go_back(
    given_times: list[tuple[int | None, int | None]],
) -> None:
    found = times(*given_times)
    assert len(found) == len(given_times)
    decoding = [dts for dts, _ in found]
    assert decoding == sorted(decoding)
