"""A clinic, its shop and a patient at the booking page, at NOW."""

from collections.abc import Callable
from copy import deepcopy
from datetime import datetime

import pytest

from tests.appointments.clinic import Clinic, make_clinic
from tests.factories import NOW
from tests.standing import Stand, patched

from .front import Shop, Visitor, launched

SetNow = Callable[[datetime], None]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SetNow:
    """Sets what the surfaces read as `now`."""

    def set_now(now: datetime) -> None:
        it_is(now, monkeypatch)

    set_now(NOW)
    return set_now


def it_is(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("access", "launch"):
        monkeypatch.setattr(f"portals.booking.{module}.utc_now", lambda: now)


@pytest.fixture(scope="module")
def standing_shop(stand: Stand) -> Shop:
    """Of a clinic with two doctors, always open, and one type of 30 minutes."""
    return stand(lambda: Shop(make_clinic(doctors=2), NOW))


@pytest.fixture
def shop(db: None, clock: SetNow, standing_shop: Shop) -> Shop:
    return deepcopy(standing_shop)


@pytest.fixture
def clinic(shop: Shop) -> Clinic:
    return shop.clinic


@pytest.fixture(scope="module")
def standing_visitor(stand: Stand, standing_shop: Shop) -> Visitor:
    def build(monkeypatch: pytest.MonkeyPatch) -> Visitor:
        it_is(NOW, monkeypatch)
        return launched(standing_shop.code())

    return stand(patched(build))


@pytest.fixture
def visitor(shop: Shop, standing_visitor: Visitor) -> Visitor:
    """Customer 1 of the shop, who may be there in the module's other tests, too."""
    return deepcopy(standing_visitor)
