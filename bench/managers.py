"""Maintenance managers that fire the due reminders at the same moment; run in processes of their own."""

import time
from datetime import datetime

from reminders.firing import fire_due

from . import pool


def fire(now: datetime) -> tuple[int, float]:
    """How many fired, and in how many milliseconds."""
    pool.wait_for_all()
    began = time.perf_counter()
    fired = fire_due(now)["fired"]
    return fired, (time.perf_counter() - began) * 1000
