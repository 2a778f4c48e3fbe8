"""What firing writes: rows, events as in the contract's section 5, messages; and that nobody stops it."""

import logging

import pytest
from django.db import DataError, OperationalError, connection
from django.test.utils import CaptureQueriesContext

from appointments import events, links
from appointments.models import Appointment
from appointments.status import Status
from common.clock import to_epoch
from notifications.models import Delivery, DeliveryState, Event
from organisations.models import Patient, Role
from reminders import batch, due, firing, payload
from reminders.models import Outcome
from tests.factories import NOW, make_doctor, make_member, make_patient, make_user

from .world import HOUR, MINUTE, World, published, sent, tick


def messages() -> list[tuple[str, str, str, str]]:
    rows = Delivery.objects.exclude(channel="webhook").order_by("channel", "pk")
    return [(row.channel, row.address, row.state, row.reason) for row in rows]


def test_the_event_for_the_patient_is_the_contracts(world: World) -> None:
    rule = world.rule(60, send_email=True, send_sms=False)
    visit = world.visit(NOW + HOUR)
    tick(NOW + MINUTE)
    (row,) = sent()
    (event,) = published()
    appointment = event.data.pop("appointment")
    assert event.data == {
        "uid": row.uid,
        "reminder_uid": rule.uid,
        "minutes_before": 60,
        "due_at": to_epoch(NOW),
        "expires_at": to_epoch(visit.starts_at),
        "send_email": True,
        "send_sms": False,
        "recipient": {
            "group": "patient",
            "uid": world.patient.uid,
            "shop_customer_id": world.patient.shop_customer_id,
            "display_name": "Paula Patient",
            "email": "paula@patients.example",
            "phone": "+4915187654321",
            "timezone": "Europe/Paris",
            "language": "fr",
        },
        "join_url": links.join_url(visit),
    }
    assert appointment["uid"] == visit.uid
    assert appointment["join_url"] == links.join_url(visit)
    assert event.uid.startswith("evt-")
    assert (event.subject_uid, event.about_uid) == (row.uid, visit.uid)
    assert event.timestamp == to_epoch(NOW + MINUTE)
    assert event.shop == world.shop
    assert row.event == event


def test_the_event_shows_the_appointment_as_every_answer_does(world: World) -> None:
    world.rule(60)
    old = world.visit(NOW + 9 * HOUR, status=Status.CANCELLED)
    new = world.visit(NOW + HOUR)
    Appointment.objects.filter(pk=new.pk).update(previous=old)
    tick(NOW)
    (event,) = published()
    shown = events.representation(
        Appointment.objects.for_display().get(pk=new.pk), now=NOW, shows_staff_reason=False
    )
    assert event.data["appointment"] == shown
    assert shown["previous_meeting_uid"] == old.uid


def test_doctor_and_admin_are_sent_to_their_portal_page(world: World) -> None:
    world.rule(60, "doctor")
    world.rule(60, "admin")
    admin = world.admin.user
    visit = world.visit(NOW + HOUR)
    tick(NOW)
    to_doctor, to_admin = (event.data for event in published())
    assert to_doctor["recipient"] == {
        "group": "doctor",
        "uid": world.doctor.uid,
        "shop_customer_id": None,
        "display_name": "Dr Jane Hill",
        "email": "jane.hill@clinic.example",
        "phone": "+4915112345678",
        "timezone": "Europe/Berlin",
        "language": None,
    }
    assert to_doctor["join_url"] == links.portal_url(visit, "doctor")
    assert to_admin["recipient"]["uid"] == admin.uid
    assert to_admin["recipient"]["timezone"] == "Europe/Berlin"
    assert to_admin["join_url"] == links.portal_url(visit, "admin")


def test_without_contact_names_addresses_numbers_and_the_patients_link_are_private(
    world: World,
) -> None:
    for group in ("patient", "doctor"):
        world.rule(60, group)
    world.visit(NOW + HOUR)
    tick(NOW)
    to_patient, to_doctor = published()
    private = {
        "recipient.display_name",
        "recipient.email",
        "recipient.phone",
        "appointment.patient_display_name",
        "appointment.join_url",
    }
    assert set(to_patient.contact_paths) == private | {"join_url"}
    assert set(to_doctor.contact_paths) == private


def test_admins_are_the_active_ones_with_reminders_switched_on(world: World) -> None:
    world.rule(60, "admin")
    wanted = [make_member(organisation=world.organisation) for _ in range(2)]
    make_member(organisation=world.organisation, role=Role.OPERATIONS)
    make_member(organisation=world.organisation, user=make_user(is_active=False))
    quiet = make_member(organisation=world.organisation)
    quiet.receives_reminders = False
    quiet.save()
    World().admin  # noqa: B018  # another organisation's admin exists
    world.visit(NOW + HOUR)
    assert tick(NOW) == {"fired": 2}
    assert {row.recipient_uid for row in sent()} == {member.user.uid for member in wanted}
    assert len({event.subject_uid for event in published()}) == 2


def test_an_admin_who_joins_after_the_firing_is_not_reminded(world: World) -> None:
    world.rule(60, "admin")
    world.admin  # noqa: B018  # exists
    world.visit(NOW + HOUR)
    assert tick(NOW) == {"fired": 1}
    make_member(organisation=world.organisation)
    assert tick(NOW + MINUTE) == {}


def test_a_rule_without_a_recipient_writes_nothing(world: World) -> None:
    world.rule(60, "admin")
    world.visit(NOW + HOUR)
    assert tick(NOW) == {}


def test_a_doctor_whose_user_is_deactivated_receives_nothing(world: World) -> None:
    world.rule(60, "doctor", send_sms=True)
    doctor = make_doctor(organisation=world.organisation, user=make_user(is_active=False))
    world.visit(NOW + HOUR, doctor=doctor)
    assert tick(NOW) == {"skipped": 1}
    assert sent()[0].reason == "the user is deactivated"
    assert published() == []
    assert messages() == []


@pytest.mark.parametrize("group", ["patient", "doctor"])
def test_visits_of_a_deactivated_doctor_are_reminded(world: World, group: str) -> None:
    world.rule(60, group)
    world.visit(NOW + HOUR, doctor=make_doctor(organisation=world.organisation, is_active=False))
    assert tick(NOW) == {"fired": 1}


def test_a_doctor_without_an_address_is_written_to_where_they_sign_in(world: World) -> None:
    world.rule(60, "doctor")
    user = make_user(email="hill@clinic.example")
    doctor = make_doctor(organisation=world.organisation, email="", user=user)
    world.visit(NOW + HOUR, doctor=doctor)
    tick(NOW)
    assert messages() == [("email", "hill@clinic.example", "pending", "")]


@pytest.mark.parametrize(
    ("send_email", "send_sms", "expected"),
    [
        (True, False, ["email"]),
        (False, True, ["sms"]),
        (True, True, ["email", "sms"]),
        (False, False, []),
    ],
)
def test_the_toggles_order_the_messages_and_the_event_is_published_in_any_case(
    world: World, send_email: bool, send_sms: bool, expected: list[str]
) -> None:
    world.rule(60, send_email=send_email, send_sms=send_sms)
    world.visit(NOW + HOUR)
    assert tick(NOW) == {"fired": 1}
    assert [channel for channel, *_ in messages()] == expected
    assert len(published()) == 1


def test_a_message_names_the_reminder_and_its_event(world: World) -> None:
    world.rule(60)
    visit = world.visit(NOW + HOUR)
    tick(NOW)
    (row,), (event,) = sent(), published()
    (delivery,) = Delivery.objects.all()
    assert delivery.kind == payload.KIND == "appointment.reminder"
    assert (delivery.subject_uid, delivery.about_uid) == (row.uid, visit.uid)
    assert (delivery.recipient_group, delivery.recipient_uid) == ("patient", world.patient.uid)
    assert delivery.event == event


def test_who_cannot_be_reached_is_recorded_with_the_reason_and_the_others_go_on(
    world: World,
) -> None:
    world.rule(60, send_email=True, send_sms=True)
    people = [
        make_patient(shop=world.shop, email="", phone=""),
        make_patient(shop=world.shop, email="out@patients.example", phone="+4915100000001"),
        make_patient(shop=world.shop, email="in@patients.example", phone="+4915100000002"),
    ]
    Patient.objects.filter(pk=people[1].pk).update(
        has_opted_out_of_email_reminders=True, has_opted_out_of_sms_reminders=True
    )
    for patient in people:
        doctor = make_doctor(organisation=world.organisation)
        world.visit(NOW + HOUR, patient=patient, doctor=doctor)
    assert tick(NOW) == {"fired": 3}
    skipped, pending = DeliveryState.SKIPPED, DeliveryState.PENDING
    assert messages() == [
        ("email", "", skipped, "no e-mail address"),
        ("email", "out@patients.example", skipped, "opted out"),
        ("email", "in@patients.example", pending, ""),
        ("sms", "", skipped, "no mobile number"),
        ("sms", "+4915100000001", skipped, "opted out"),
        ("sms", "+4915100000002", pending, ""),
    ]


def test_a_visit_called_off_between_finding_and_firing_is_left_alone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.rule(60)
    visit = world.visit(NOW + HOUR)
    found = due.find(NOW)
    Appointment.objects.filter(pk=visit.pk).update(
        status="cancelled", cancelled_at=NOW, cancelled_by="patient"
    )
    monkeypatch.setattr(due, "find", lambda now: found)
    assert len(found.due) == 1
    assert tick(NOW) == {}
    assert (sent(), published()) == ([], [])


@pytest.mark.parametrize("error", [ValueError, DataError])
def test_one_reminder_that_cannot_be_prepared_does_not_stop_the_others(
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: type[Exception],
) -> None:
    world.rule(60)
    visits = [
        world.visit(
            NOW + HOUR,
            patient=make_patient(shop=world.shop),
            doctor=make_doctor(organisation=world.organisation),
        )
        for _ in range(5)
    ]
    bad = visits[3]
    build = payload.event

    def broken(**arguments: object) -> object:
        if arguments["appointment"] == bad:
            raise error("a text that quotes paula@patients.example")
        return build(**arguments)  # type: ignore[arg-type]  # passed through unread

    monkeypatch.setattr(payload, "event", broken)
    with caplog.at_level(logging.ERROR):
        assert tick(NOW) == {"fired": 4, "failed": 1}
    (failed,) = sent(Outcome.FAILED)
    assert (failed.appointment, failed.reason) == (
        bad,
        f"could not be prepared ({error.__name__})",
    )
    assert "paula" not in caplog.text
    assert due.looked_until() == NOW
    assert tick(NOW + MINUTE) == {}


def test_a_database_that_is_away_is_nobodys_bad_data(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.rule(60)
    world.visit(NOW + HOUR)

    def away(*_: object, **__: object) -> None:
        raise OperationalError

    with monkeypatch.context() as broken:
        broken.setattr(batch, "deal_with", away)
        with pytest.raises(OperationalError):
            tick(NOW)
    assert sent() == []
    assert tick(NOW + MINUTE) == {"fired": 1}


def test_what_earlier_chunks_committed_stays_when_a_later_one_breaks(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(firing, "CHUNK", 2)
    world.rule(60)
    tick(NOW - MINUTE)
    for _ in range(5):
        doctor = make_doctor(organisation=world.organisation)
        world.visit(NOW + HOUR, patient=make_patient(shop=world.shop), doctor=doctor)
    deal_with, calls = batch.deal_with, iter(range(100))

    def dies_in_the_second(*arguments: object, **named: object) -> object:
        if next(calls) == 1:
            raise OperationalError
        return deal_with(*arguments, **named)  # type: ignore[arg-type]  # passed through unread

    with monkeypatch.context() as broken:
        broken.setattr(batch, "deal_with", dies_in_the_second)
        with pytest.raises(OperationalError):
            tick(NOW)
    assert len(sent()) == 2
    assert due.looked_until() == NOW - MINUTE
    assert tick(NOW + MINUTE) == {"fired": 3}
    assert len(published()) == 5


def test_statements_do_not_grow_with_the_number_of_reminders(world: World) -> None:
    for group in ("patient", "doctor", "admin"):
        world.rule(60, group, send_sms=True)
    world.admin  # noqa: B018  # exists

    def statements(visits: int, now_hours: int) -> int:
        now = NOW + now_hours * HOUR
        for _ in range(visits):
            doctor = make_doctor(organisation=world.organisation)
            patient = make_patient(shop=world.shop)
            world.visit(now + HOUR, patient=patient, doctor=doctor)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert tick(now) == {"fired": 3 * visits}
        return len(queries)

    assert statements(1, 0) == statements(30, 5) <= 25
    assert Event.objects.count() == 93
