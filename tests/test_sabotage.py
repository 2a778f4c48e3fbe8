"""The tables of `make sabotage` fit the source: what they take away is there, and so are the tests that miss it."""

import re
from pathlib import Path

import pytest

from .sabotage.guards import InSource
from .sabotage.table import GUARDS

ROOT = Path(__file__).resolve().parents[1]
IN_SOURCE = [guard for guard in GUARDS if isinstance(guard, InSource)]


@pytest.mark.parametrize("guard", IN_SOURCE, ids=lambda guard: guard.name)
def test_what_is_taken_away_stands_exactly_once_in_its_file(guard: InSource) -> None:
    assert guard.fits(ROOT)
    assert guard.old != guard.new


def test_the_tests_that_must_go_red_are_there() -> None:
    for test in sorted({test for guard in GUARDS for test in guard.tests}):
        path, *names = re.sub(r"\[.*", "", test).split("::")
        source = (ROOT / path).read_text()
        assert all(re.search(rf"^\s*(def|class) {name}\b", source, re.M) for name in names), test


def test_guards_have_names_of_their_own() -> None:
    assert len({guard.name for guard in GUARDS}) == len(GUARDS)
