"""A clinic, its shop and a patient at the booking page, at NOW."""

from collections.abc import Callable
from datetime import datetime

import pytest

from tests.appointments.clinic import Clinic, make_clinic
from tests.factories import NOW

from .front import Shop, Visitor, launched

SetNow = Callable[[datetime], None]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SetNow:
    """Sets what the surfaces read as `now`."""

    def set_now(now: datetime) -> None:
        for module in ("access", "launch"):
            monkeypatch.setattr(f"portals.booking.{module}.utc_now", lambda: now)

    set_now(NOW)
    return set_now


@pytest.fixture
def clinic(db: None) -> Clinic:
    """Two doctors, always open, one type of 30 minutes."""
    return make_clinic(doctors=2)


@pytest.fixture
def shop(clinic: Clinic, clock: SetNow) -> Shop:
    return Shop(clinic, NOW)


@pytest.fixture
def visitor(shop: Shop) -> Visitor:
    return launched(shop.code())
