"""Visits outside the doctor's hours at a browser: kept as they are, and that taken back."""

from datetime import timedelta

import pytest
from django.test import Client

from appointments.models import Appointment
from availability.models import AvailabilityWindow
from tests.factories import NOW, make_appointment, open_all_week

from .front_desk import FrontDesk, url, words

pytestmark = pytest.mark.django_db
LIST = "/admin/needs-attention/outside-hours/"


@pytest.fixture
def visit(desk: FrontDesk) -> Appointment:
    """Tomorrow, with a doctor who has no hours any more."""
    AvailabilityWindow.objects.all().delete()
    return make_appointment(
        patient=desk.clinic.new_patient(),
        doctor=desk.clinic.doctor,
        appointment_type=desk.clinic.kind,
        starts_at=NOW + timedelta(days=1),
    )


def keep(client: Client, visit: Appointment) -> str:
    answer = client.post(url("appointment-keep", visit.uid), follow=True)
    return str(answer.content.decode())


def test_a_kept_visit_needs_no_attention_and_stands_below(
    desk: FrontDesk, visit: Appointment
) -> None:
    assert f'action="{url("appointment-keep", visit.uid)}"' in desk.admin.get(LIST).content.decode()

    keep(desk.admin, visit)

    text = words(desk.admin.get(LIST))
    assert "Nothing here any more" in text
    assert "Kept as they are" in text
    assert "outside the doctor’s hours" not in words(desk.admin.get("/admin/"))
    assert "kept by Ada Admin" in words(desk.admin.get(url("appointment", visit.uid)))
    assert desk.audited("appointment.kept_outside_hours") == [("Ada Admin", visit.uid)]


def test_keeping_offers_to_undo_it_and_that_lists_it_again(
    desk: FrontDesk, visit: Appointment
) -> None:
    undo = url("appointment-lift-keep", visit.uid)
    assert keep(desk.admin, visit).count(f'action="{undo}"') == 2  # the toast's, and the list's

    desk.operations.post(undo)

    assert "1 visit outside the doctor’s hours" in words(desk.admin.get("/admin/"))
    assert desk.audited("appointment.keep_lifted") == [("Olga Operations", visit.uid)]


def test_what_was_cancelled_meanwhile_is_not_kept_and_says_so(
    desk: FrontDesk, visit: Appointment
) -> None:
    answer = {"reason": "Doctor is ill", "on_behalf_of": "clinic"}
    desk.operations.post(url("appointment-cancel", visit.uid), answer)

    assert "This appointment is cancelled, by Olga Operations" in keep(desk.admin, visit)


def test_a_visit_within_the_hours_by_now_gets_no_mark(desk: FrontDesk, visit: Appointment) -> None:
    open_all_week(visit.doctor)

    assert "within the doctor’s hours by now" in keep(desk.admin, visit)
    visit.refresh_from_db()
    assert visit.kept_outside_hours_at is None
