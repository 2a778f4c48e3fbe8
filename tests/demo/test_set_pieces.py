"""The demo's small stories: told by the verbs, dated relative to now, once."""

from copy import deepcopy
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from pytest_django import Settings

from appointments.coverage import Booked, uncovered
from appointments.models import Appointment
from appointments.status import Status
from availability import schedules
from availability.models import AvailabilityWindow
from booking_secrets.models import BookingSecret
from common.clock import to_epoch, utc_now
from notifications.models import DeliveryAttempt, Event
from organisations.actors import ActorKind
from organisations.models import AuditEntry
from reminders.log import State, reminder_log
from reminders.models import RecipientGroup
from rxscale.demo import set_pieces
from rxscale.demo.clinic import Clinic
from rxscale.demo.clocks import days_until_change
from rxscale.demo.people import NIGHT_DOCTOR_EMAIL, WHERE_CLOCKS_CHANGE, WITHOUT_HOURS
from tests.factories import NOW
from tests.standing import Stand

from .small_clinic import small_clinic

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def standing_told(stand: Stand) -> Clinic:
    return stand(_told)


@pytest.fixture
def told(doors: Settings, standing_told: Clinic) -> Clinic:
    return deepcopy(standing_told)


def _told() -> Clinic:
    clinic = small_clinic()
    set_pieces.tell(clinic, now=utc_now())
    return clinic


def _visits(clinic: Clinic, customer_id: str) -> list[Appointment]:
    rows = Appointment.objects.of(clinic.organisation).filter(patient__shop_customer_id=customer_id)
    return list(rows.select_related("doctor").order_by("id"))


def test_a_chain_of_three_ends_with_another_doctor(told: Clinic) -> None:
    first, second, third = _visits(told, set_pieces.MOVED)

    assert (second.previous, third.previous) == (first, second)
    assert first.doctor == second.doctor != third.doctor
    assert [visit.status for visit in (first, second, third)] == [
        Status.CANCELLED,
        Status.CANCELLED,
        Status.CONFIRMED,
    ]
    assert third.starts_at > utc_now()


def test_each_of_four_has_cancelled(told: Clinic) -> None:
    cancelled = {
        actor: visit.cancelled_by
        for actor, (customer_id, _) in set_pieces.CANCELLED_BY.items()
        for visit in _visits(told, customer_id)
    }

    assert cancelled == {actor: actor for actor in set_pieces.CANCELLED_BY}
    assert len(cancelled) == 4


def test_one_reminder_log_has_it_all(told: Clinic) -> None:
    [visit] = _visits(told, set_pieces.REMINDED)
    patient, doctor = RecipientGroup.PATIENT, RecipientGroup.DOCTOR
    entries = {
        (entry.recipient_group, entry.minutes_before): entry
        for entry in reminder_log(visit, utc_now())
    }

    assert entries[patient, 1440].state == State.SKIPPED
    assert "too late" in entries[patient, 1440].reason
    assert {message.state for message in entries[patient, 60].messages} == {
        State.BOUNCED,
        State.SKIPPED,
    }
    assert {message.reason for message in entries[patient, 15].messages} == {"bounced"}
    assert {message.state for message in entries[doctor, 15].messages} == {State.SENT}
    assert visit.status == Status.COMPLETED


def test_two_visits_lie_inside_time_off(told: Clinic) -> None:
    now = utc_now()
    visits = [visit for name in set_pieces.AWAY for visit in _visits(told, name)]
    doctor = visits[0].doctor
    booked = [
        Booked(visit.uid, doctor.pk, to_epoch(visit.starts_at), to_epoch(visit.ends_at), False)
        for visit in visits
    ]
    loaded = schedules.load(
        {doctor.pk: doctor.timezone},
        start=to_epoch(now),
        end=to_epoch(now + timedelta(days=30)),
        now=now,
    )

    assert len(visits) == 2
    assert len(list(uncovered(booked, loaded))) == 2
    [time_off] = doctor.time_off.all()
    assert doctor.user is not None
    entry = AuditEntry.objects.of(told.organisation).get(action="time_off.added")
    assert (entry.actor_uid, entry.details["time_off"]) == (doctor.user.uid, time_off.uid)


def test_one_secret_is_revoked(told: Clinic) -> None:
    secret = BookingSecret.objects.of(told.organisation).get(name=set_pieces.OLD_SECRET)

    assert secret.revoked_at is not None
    assert secret.created_at < secret.revoked_at < utc_now()


def test_telling_them_twice_changes_nothing(told: Clinic) -> None:
    def counts() -> list[int]:
        models = (Appointment, AuditEntry, BookingSecret, DeliveryAttempt, Event)
        return [model._default_manager.count() for model in models]

    before = counts()

    assert set_pieces.tell(told, now=utc_now()) == []
    assert counts() == before


def test_the_cast_has_a_night_doctor_one_whose_clocks_change_and_one_without_hours(
    told: Clinic,
) -> None:
    doctors = {doctor.email: doctor for doctor in told.doctors}
    windows = AvailabilityWindow.objects.filter(organisation=told.organisation)

    night = windows.filter(doctor=doctors[NIGHT_DOCTOR_EMAIL], end_minute__gt=1440)
    assert night.count() == 2
    assert not windows.filter(doctor=doctors[WITHOUT_HOURS.email]).exists()
    changing = doctors[WHERE_CLOCKS_CHANGE.email].timezone
    others = {doctor.timezone for doctor in told.doctors}
    assert days_until_change(changing, utc_now()) == min(
        days_until_change(zone, utc_now()) for zone in others
    )
    assert ZoneInfo(changing).utcoffset(NOW.replace(tzinfo=None)) is not None


def test_german_speaking_patients_are_among_them(told: Clinic) -> None:
    assert {patient.language for patient in told.patients} == {"de", "en"}


def test_the_four_have_the_kinds_the_contract_names() -> None:
    assert set(set_pieces.CANCELLED_BY) == {
        ActorKind.PATIENT,
        ActorKind.PARTNER,
        ActorKind.ADMIN,
        ActorKind.DOCTOR,
    }
