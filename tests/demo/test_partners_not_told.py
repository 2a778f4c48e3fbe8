"""Where the story of the two receivers cannot be told, nothing of it is begun."""

import socket

import pytest
from pytest_django import Settings

from common.clock import utc_now
from notifications.models import NotificationSubscription
from rxscale.demo import partners
from rxscale.demo.clinic import Clinic

pytestmark = pytest.mark.django_db


def test_where_no_webhook_may_go_it_is_not_told(northside: Clinic, doors: Settings) -> None:
    doors.ALLOW_LOOPBACK_WEBHOOKS = False

    assert not partners.tell(northside, port=0, now=utc_now())
    assert NotificationSubscription.objects.of(northside.organisation).count() == 0


def test_where_somebody_listens_it_is_not_begun(northside: Clinic) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other, pytest.raises(OSError, match="in use"):
        partners.tell(northside, port=other.getsockname()[1], now=utc_now())

    assert NotificationSubscription.objects.of(northside.organisation).count() == 0
