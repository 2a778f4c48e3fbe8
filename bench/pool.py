"""Processes with Django set up, that begin each round together."""

import multiprocessing
from collections.abc import Generator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing.synchronize import Barrier

import django

_gate: Barrier  # in each process: where all wait for each other


@contextmanager
def racers(count: int) -> Generator[ProcessPoolExecutor]:
    """What they are given must call `wait_for_all` once, and there must be one for each."""
    context = multiprocessing.get_context("spawn")
    gate = context.Barrier(count)
    with ProcessPoolExecutor(
        count, mp_context=context, initializer=_prepare, initargs=(gate,)
    ) as pool:
        yield pool


def wait_for_all() -> None:
    _gate.wait(timeout=120)


def _prepare(gate: Barrier) -> None:
    global _gate  # a pool hands a barrier over at its start only
    _gate = gate
    django.setup()
