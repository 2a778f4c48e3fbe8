"""Test events look like real ones: the same keys in the same order, the same private paths."""

from datetime import timedelta

import pytest

from appointments import events
from appointments.models import Appointment
from notifications import samples
from notifications.models import EventType
from organisations.models import Organisation
from reminders import payload
from tests.factories import (
    NOW,
    make_appointment,
    make_doctor,
    make_patient,
    make_shop,
    make_type,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def real(clinic: Organisation) -> dict[str, object]:
    doctor = make_doctor(organisation=clinic)
    row = make_appointment(
        patient=make_patient(shop=make_shop(organisation=clinic)),
        doctor=doctor,
        appointment_type=make_type(organisation=clinic, doctors=[doctor]),
        starts_at=NOW + timedelta(days=1),
    )
    appointment = Appointment.objects.for_display().get(pk=row.pk)
    return events.representation(appointment, now=NOW, shows_staff_reason=False)


def test_a_notice_has_the_keys_of_a_real_one(real: dict[str, object]) -> None:
    uid, data = samples.made_up(EventType.MEETING_UPDATED, NOW)

    assert list(data) == [*real, "previous_status", "test"]
    assert data["uid"] == uid
    assert samples.CONTACT_PATHS[EventType.MEETING_UPDATED] == events.CONTACT_PATHS


def test_an_order_carries_an_appointment_like_a_real_one(real: dict[str, object]) -> None:
    uid, data = samples.made_up(EventType.REMINDER_DUE, NOW)

    appointment = data["appointment"]
    assert isinstance(appointment, dict)
    assert list(appointment) == list(real)
    assert data["uid"] == uid
    paths = samples.CONTACT_PATHS[EventType.REMINDER_DUE]
    assert set(paths) == {*payload.CONTACT_PATHS, "join_url"}
