"""Between a verb's check and its insert nobody outside is asked: what is owed are rows, sent after the commit."""

import socket
from datetime import timedelta
from typing import NoReturn

import pytest

from appointments import lifecycle
from notifications.models import Channel, Delivery, EventType
from tests.factories import ADMIN, DOCTOR, NOW, PATIENT
from tests.notifications.world import subscribe

from .clinic import HOUR, START, make_clinic

pytestmark = pytest.mark.django_db


def cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """PostgreSQL's client dials in C; whatever Python code dials or looks up is a failure."""

    def refuse(*_: object, **__: object) -> NoReturn:
        raise AssertionError("a verb dialled out")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def test_no_verb_dials_out_whoever_is_to_be_told(monkeypatch: pytest.MonkeyPatch) -> None:
    clinic = make_clinic(doctors=2)
    for kind in EventType:
        subscribe(clinic.organisation, "https://dead.example/", notification_type=kind)
    cut_off(monkeypatch)

    first = clinic.book()
    moved = lifecycle.rebook(first, starts_at=START + HOUR, actor=PATIENT, now=NOW)
    lifecycle.cancel(moved, reason="Ill", actor=ADMIN, now=NOW)
    lifecycle.cancel(clinic.hold(), actor=PATIENT, now=NOW)
    seen = clinic.book(START + 2 * HOUR)
    lifecycle.complete(seen, actor=DOCTOR, now=START + 3 * HOUR)
    lifecycle.mark_no_show(seen, actor=DOCTOR, now=START + 3 * HOUR)
    clinic.hold(START + 4 * HOUR)
    lifecycle.expire_stale_holds(now=START + timedelta(days=1))

    owed = Delivery.objects.values_list("channel", flat=True)
    assert {Channel.WEBHOOK, Channel.EMAIL} <= set(owed)
