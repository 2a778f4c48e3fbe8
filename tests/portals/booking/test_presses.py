"""Impatient presses: several requests of one browser at once leave it with one hold."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connection
from django.test import Client

from appointments.models import Appointment
from appointments.status import Status
from common.clock import utc_now
from portals.booking import flow
from portals.booking.access import COOKIE
from portals.slots.times import read_instant
from tests.appointments.clinic import make_clinic

from .front import Shop, Visitor, launched

PRESSES = 4


@pytest.mark.django_db(transaction=True)
def test_presses_at_the_same_moment_hold_one_time(monkeypatch: pytest.MonkeyPatch) -> None:
    clinic, now = make_clinic(doctors=PRESSES), utc_now()
    visitor = launched(Shop(clinic, now).code())
    at = now.replace(minute=0, second=0, microsecond=0) + timedelta(days=1)
    all_are_let_in = Barrier(PRESSES)

    def read_together(text: str) -> object:
        all_are_let_in.wait()
        return read_instant(text)

    monkeypatch.setattr(flow, "read_instant", read_together)

    def press(_: int) -> int:
        client = Client()
        client.cookies[COOKIE] = visitor.client.cookies[COOKIE].value
        try:
            return int(Visitor(client, visitor.patient).hold(clinic.kind, at).status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(PRESSES) as pool:
        statuses = list(pool.map(press, range(PRESSES)))

    assert statuses == [302] * PRESSES
    assert Appointment.objects.filter(status=Status.HELD).count() == 1
    assert Appointment.objects.filter(status=Status.CANCELLED).count() == PRESSES - 1
