"""Interval tools against plain sets of integers."""

from hypothesis import given
from hypothesis import strategies as st

from common.intervals import Interval, covers, meets, subtract, union

intervals = st.lists(
    st.tuples(st.integers(0, 40), st.integers(0, 12)).map(lambda pair: (pair[0], sum(pair)))
)


def points(found: list[Interval]) -> set[int]:
    return {point for start, end in found for point in range(start, end)}


def test_intervals_that_touch_become_one() -> None:
    assert union([(5, 9), (1, 3), (3, 5)]) == [(1, 9)]


def test_intervals_apart_stay_apart_and_empty_ones_vanish() -> None:
    assert union([(4, 6), (1, 3), (3, 3), (9, 8)]) == [(1, 3), (4, 6)]


def test_one_inside_another_changes_nothing() -> None:
    assert union([(1, 9), (3, 5)]) == [(1, 9)]


def test_a_hole_in_the_middle_leaves_both_sides() -> None:
    assert subtract([(0, 10)], [(3, 5)]) == [(0, 3), (5, 10)]


def test_one_hole_can_reach_into_two_intervals() -> None:
    assert subtract([(0, 4), (6, 9)], [(3, 7)]) == [(0, 3), (7, 9)]


def test_covers_ends_with_the_interval() -> None:
    assert covers([(0, 10)], 8, 10)
    assert not covers([(0, 10)], 8, 11)
    assert not covers([(0, 5), (6, 10)], 4, 7)


def test_meeting_at_an_edge_is_not_meeting() -> None:
    assert not meets([(0, 5)], 5, 6)
    assert not meets([(5, 6)], 4, 5)
    assert meets([(0, 5)], 4, 9)


@given(intervals)
def test_union_has_the_same_points_sorted_and_apart(given_intervals: list[Interval]) -> None:
    joined = union(given_intervals)

    assert points(joined) == points(given_intervals)
    assert all(joined[i][1] < joined[i + 1][0] for i in range(len(joined) - 1))


@given(intervals, intervals)
def test_subtract_takes_exactly_the_points_of_the_holes(
    given_intervals: list[Interval], holes: list[Interval]
) -> None:
    left = subtract(union(given_intervals), union(holes))

    assert points(left) == points(given_intervals) - points(holes)
    assert left == union(left)


@given(intervals, st.integers(0, 50), st.integers(1, 8))
def test_covers_and_meets_agree_with_the_points(
    given_intervals: list[Interval], start: int, length: int
) -> None:
    joined, asked = union(given_intervals), set(range(start, start + length))

    assert covers(joined, start, start + length) == (asked <= points(joined))
    assert meets(joined, start, start + length) == bool(asked & points(joined))
