"""A subscription that failed and recovered, and one that 410 ended: real calls to a real server, by the engine."""

import socket
from copy import deepcopy

import pytest
from django.test import Client
from pytest_django import Settings

from common.clock import utc_now
from notifications.models import Delivery, DeliveryAttempt, NotificationSubscription
from rxscale.demo import partners
from rxscale.demo.clinic import Clinic
from tests.standing import Stand

from .small_clinic import small_clinic

pytestmark = pytest.mark.django_db


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
    return number


@pytest.fixture(scope="module")
def standing_told(stand: Stand) -> Clinic:
    return stand(_told)


@pytest.fixture
def told(doors: Settings, standing_told: Clinic) -> Clinic:
    return deepcopy(standing_told)


def _told() -> Clinic:
    clinic = small_clinic()
    assert partners.tell(clinic, port=_free_port(), now=utc_now())
    return clinic


def _subscription(clinic: Clinic, name: str) -> NotificationSubscription:
    rows = NotificationSubscription.objects.of(clinic.organisation)
    return rows.get(target__endswith=f"{partners.PATH}{name}")


def _codes(subscription: NotificationSubscription) -> list[int | None]:
    attempts = DeliveryAttempt.objects.filter(delivery__subscription=subscription)
    return list(attempts.order_by("started_at").values_list("status_code", flat=True))


def _mails(clinic: Clinic) -> set[str]:
    mails = Delivery.objects.of(clinic.organisation).filter(kind__startswith="endpoint.")
    return set(mails.values_list("kind", flat=True))


def test_one_failed_for_an_hour_and_recovered(told: Clinic) -> None:
    crm = _subscription(told, partners.CRM)
    codes = _codes(crm)

    assert codes.count(503) > 6
    assert codes[0] == codes[-1] == 204
    assert (crm.failing_since, crm.disabled_at) == (None, None)
    assert {"endpoint.failing", "endpoint.recovered"} <= _mails(told)


def test_one_was_ended_by_410(told: Clinic) -> None:
    old = _subscription(told, partners.OLD_CRM)

    assert 410 in _codes(old)
    assert old.disabled_at is not None
    assert "410" in old.disabled_reason
    assert "endpoint.disabled" in _mails(told)


def test_the_story_is_told_once(told: Clinic) -> None:
    before = DeliveryAttempt.objects.count()

    assert not partners.tell(told, port=_free_port(), now=utc_now())
    assert DeliveryAttempt.objects.count() == before


def test_afterwards_the_demos_own_pages_answer(doors: Settings, client: Client) -> None:
    statuses = [client.post(f"{partners.PATH}{name}").status_code for name in ("crm", "old-crm")]

    assert statuses == [204, 410]
