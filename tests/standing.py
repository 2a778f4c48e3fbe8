"""Worlds that stand for a whole module: built once, and whatever a test changes in one is taken back.

Building is most of what many a test costs. The rows lie in a transaction around those of the module's
tests, which is rolled back at the end; each test gets copies of the objects, and what it writes ends with its
own savepoint, so that no order of tests matters. Not for a module whose tests really commit: they would not see
the rows.
"""

from collections.abc import Callable, Generator
from contextlib import ExitStack
from typing import TypeVar

from django.db import transaction
from pytest_django import DjangoDbBlocker

World = TypeVar("World")


def standing(blocker: DjangoDbBlocker, build: Callable[[], World]) -> Generator[World]:
    """The body of a module's fixture; it needs `django_db_setup`. Tests take `deepcopy`s of what it yields."""
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
