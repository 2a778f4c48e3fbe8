"""Two admins at the page of one visit, at once."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection
from django.test import Client

from appointments.models import Appointment
from appointments.status import Status
from tests.appointments.clinic import START

from .front_desk import stand_up, url
from .test_appointment_page_actions import CANCEL


@pytest.mark.django_db(transaction=True)
def test_two_admins_pressing_at_once_leave_one_outcome(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = stand_up(monkeypatch)
    visit = desk.clinic.book()
    desk.at(START)
    start = Barrier(2)

    def press(client: Client, name: str, data: dict[str, str]) -> int:
        start.wait()
        try:
            return client.post(url(f"appointment-{name}", visit.uid), data).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        cancelling = pool.submit(press, desk.admin, "cancel", CANCEL)
        completing = pool.submit(press, desk.operations, "complete", {})
        codes = {"cancel": cancelling.result(), "complete": completing.result()}

    assert sorted(codes.values()) == [302, 422]
    row = Appointment.objects.get(pk=visit.pk)
    (won,) = (name for name, code in codes.items() if code == 302)
    assert row.status == {"cancel": Status.CANCELLED, "complete": Status.COMPLETED}[won]
    assert row.transitions.filter(from_status=Status.CONFIRMED).count() == 1
