"""Worlds that stand for a whole module: built once, and whatever a test changes in one is taken back.

Building is most of what many a test costs. The rows lie in a transaction around those of the module's
tests, which is rolled back at the end; each test gets copies of the objects, and what it writes ends with its
own savepoint, so that no order of tests matters. Not for a module whose tests really commit: they would not see
the rows.

    @pytest.fixture(scope="module")
    def standing_clinic(stand: Stand) -> Clinic:
        return stand(make_clinic)

    @pytest.fixture
    def clinic(db: None, standing_clinic: Clinic) -> Clinic:
        return deepcopy(standing_clinic)
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Protocol, TypeVar

import pytest
from django.db import transaction
from pytest_django import DjangoDbBlocker

World = TypeVar("World")


class Stand(Protocol):
    """What the module's fixture `stand` gives: builds a world that stands until the module's end."""

    def __call__(self, build: Callable[[], World]) -> World: ...


def patched(build: Callable[[pytest.MonkeyPatch], World]) -> Callable[[], World]:
    """For a world whose building sets a clock: that ends with the building, and each test sets its own."""

    def built() -> World:
        with pytest.MonkeyPatch.context() as monkeypatch:
            return build(monkeypatch)

    return built


@contextmanager
def standing(blocker: DjangoDbBlocker, build: Callable[[], World]) -> Iterator[World]:
    around = transaction.atomic()
    around._from_testcase = True  # type: ignore[attr-defined]  # Django's own: durable ones may begin inside
    with blocker.unblock(), ExitStack() as stack:
        stack.enter_context(around)
        stack.callback(transaction.set_rollback, True)
        world = build()
        end = stack.pop_all()
    yield world
    with blocker.unblock():
        end.close()
