"""The arithmetic of starts: grids, visits that run on, and what a taken range takes away."""

from hypothesis import given
from hypothesis import strategies as st

from availability.slots import grid_starts, without

HOUR = 3600


def test_a_grid_counts_from_its_windows_start_not_from_the_range() -> None:
    found = grid_starts([(100, 1000)], duration=200, interval=150, start=300, end=2000)

    assert found == [400, 550, 700]


def test_a_visit_must_end_within_the_window() -> None:
    assert grid_starts([(0, 599)], duration=300, interval=300, start=0, end=900) == [0]


def test_a_visit_may_run_on_into_a_window_that_touches() -> None:
    found = grid_starts([(0, 500), (500, 900)], duration=300, interval=200, start=0, end=900)

    # 0, 200, 400 on the first grid; 500 on the second, which counts from its own start.
    assert found == [0, 200, 400, 500]


def test_a_visit_does_not_run_on_over_a_break() -> None:
    found = grid_starts([(0, 500), (501, 900)], duration=300, interval=200, start=0, end=900)

    assert found == [0, 200, 501]


def test_windows_that_overlap_offer_both_grids_each_start_once() -> None:
    found = grid_starts([(0, 400), (100, 500)], duration=100, interval=100, start=0, end=500)

    assert found == [0, 100, 200, 300, 400]


def test_a_taken_range_blocks_from_inside_around_left_right_and_equal() -> None:
    starts = [0, 100, 200, 300]

    assert without(starts, [(120, 130)], before=0, after=100) == [0, 200, 300]
    assert without(starts, [(50, 250)], before=0, after=100) == [300]
    assert without(starts, [(50, 150)], before=0, after=100) == [200, 300]
    assert without(starts, [(150, 250)], before=0, after=100) == [0, 300]
    assert without(starts, [(100, 200)], before=0, after=100) == [0, 200, 300]


def test_the_buffers_of_the_visit_asked_for_are_not_swapped() -> None:
    # Duration 100, 30 before, 10 after. Taken until 170: 200 - 30 is free. Taken from 300: 200 + 110 is not.
    assert without([200], [(0, 170)], before=30, after=110) == [200]
    assert without([200], [(0, 171)], before=30, after=110) == []
    assert without([200], [(310, 400)], before=30, after=110) == [200]
    assert without([200], [(309, 400)], before=30, after=110) == []


@given(
    st.lists(st.integers(0, 300), unique=True).map(sorted),
    st.lists(st.tuples(st.integers(0, 300), st.integers(1, 80))),
    st.integers(0, 20),
    st.integers(1, 60),
)
def test_what_is_left_is_what_meets_nothing(
    starts: list[int], spans: list[tuple[int, int]], before: int, after: int
) -> None:
    taken = sorted((start, start + length) for start, length in spans)

    assert without(starts, taken, before=before, after=after) == [
        at for at in starts if not any(at - before < b and a < at + after for a, b in taken)
    ]
