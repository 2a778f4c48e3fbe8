"""Sparing callers the wait for something that has just failed to answer."""

import math
import time


class Breaker:
    """Open for `seconds` after the store failed: nobody asks it then."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self.close()

    def is_open(self) -> bool:
        return time.monotonic() < self._closed_again_at

    def close(self) -> None:
        self._closed_again_at = -math.inf

    def open(self) -> None:
        self._closed_again_at = time.monotonic() + self._seconds
