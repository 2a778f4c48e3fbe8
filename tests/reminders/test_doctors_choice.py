"""What a doctor has chosen is heeded: which notices come, and to which number the next reminder goes."""

from datetime import timedelta

import pytest
from pytest_django import Settings

from appointments import lifecycle
from notifications import delivery as engine
from notifications import kinds
from notifications.models import Channel, Delivery, DeliveryState
from organisations import doctors
from organisations.models import DoctorNotice
from reminders.reach import reach_of
from tests.doubles import twilio
from tests.doubles.http import Receiver
from tests.factories import ADMIN, DOCTOR, NOW, PARTNER, open_all_week
from tests.notifications.test_sms import use_twilio

from .world import DAY, HOUR, MINUTE, World, published, tick

KINDS_OF = {
    DoctorNotice.BOOKED: "appointment.confirmed",
    DoctorNotice.MOVED: "appointment.moved",
    DoctorNotice.CANCELLED: "appointment.cancelled",
}


def decline(world: World, *declined: DoctorNotice) -> None:
    wanted = set(DoctorNotice.values) - set(declined)
    doctors.choose_notices(world.doctor, wanted=wanted, actor=DOCTOR, now=NOW)


def to_doctor(**lookup: object) -> list[Delivery]:
    return list(Delivery.objects.filter(recipient_group="doctor", **lookup).order_by("pk"))


def book_move_and_cancel(world: World) -> None:
    open_all_week(world.doctor)
    held = lifecycle.hold(
        patient=world.patient,
        appointment_type=world.type,
        starts_at=NOW + 6 * HOUR,
        actor=PARTNER,
        now=NOW,
    )
    visit = lifecycle.confirm(held, actor=PARTNER, now=NOW)
    moved = lifecycle.rebook(visit, starts_at=NOW + 8 * HOUR, actor=ADMIN, now=NOW)
    lifecycle.cancel(moved, reason="Ill", actor=ADMIN, now=NOW)


@pytest.mark.parametrize("declined", KINDS_OF)
def test_a_declined_notice_is_skipped_with_the_reason_and_the_others_go(
    world: World, declined: DoctorNotice
) -> None:
    decline(world, declined)
    book_move_and_cancel(world)

    reasons = {each.kind: each.reason for each in to_doctor()}
    assert set(reasons) == set(KINDS_OF.values())
    assert reasons.pop(KINDS_OF[declined]) == "switched off by the doctor"
    assert set(reasons.values()) == {""}


def test_a_notice_declined_before_it_leaves_does_not_leave(world: World) -> None:
    open_all_week(world.doctor)
    visit = world.visit(NOW + 6 * HOUR)
    lifecycle.cancel(visit, reason="Ill", actor=ADMIN, now=NOW)
    [mail] = to_doctor()
    kind = kinds.find(mail.kind)
    assert kind.still_wanted(mail, NOW) == ""

    decline(world, DoctorNotice.CANCELLED)

    assert kind.still_wanted(mail, NOW) == "switched off by the doctor"


@pytest.mark.parametrize(
    ("declined", "left"),
    [
        (DoctorNotice.REMINDER_EMAIL, Channel.SMS),
        (DoctorNotice.REMINDER_SMS, Channel.EMAIL),
    ],
)
def test_reminders_come_on_the_channel_that_is_left_and_the_event_in_any_case(
    world: World, declined: DoctorNotice, left: Channel
) -> None:
    world.rule(60, "doctor", send_email=True, send_sms=True)
    world.visit(NOW + HOUR)
    decline(world, declined)
    tick(NOW)

    states = {each.channel: (each.state, each.reason) for each in to_doctor()}
    assert states.pop(left) == (DeliveryState.PENDING, "")
    assert list(states.values()) == [(DeliveryState.SKIPPED, "opted out")]
    assert len(published()) == 1


def test_a_reminder_declined_after_it_was_written_does_not_leave(world: World) -> None:
    world.rule(60, "doctor", send_email=True, send_sms=True)
    world.visit(NOW + HOUR)
    tick(NOW)
    decline(world, DoctorNotice.REMINDER_SMS)

    wanted = {each.channel: kinds.find(each.kind).still_wanted(each, NOW) for each in to_doctor()}
    assert wanted == {Channel.EMAIL: "", Channel.SMS: "opted out"}


def test_the_rule_says_how_many_doctors_have_declined_it(world: World) -> None:
    audience = reach_of(world.type, now=NOW).audiences["doctor"]
    assert (audience.total, audience.opted_out_of_sms) == (1, 0)

    decline(world, DoctorNotice.REMINDER_SMS)

    audience = reach_of(world.type, now=NOW).audiences["doctor"]
    assert (audience.opted_out_of_email, audience.opted_out_of_sms) == (0, 1)


def test_the_next_reminder_goes_to_the_number_the_doctor_has_just_set(
    world: World, settings: Settings
) -> None:
    world.rule(60, "doctor", send_email=False, send_sms=True)
    world.visit(NOW + HOUR)
    world.visit(NOW + DAY)
    with Receiver(then=twilio.accepted()) as receiver:
        use_twilio(settings, receiver)
        tick(NOW)
        engine.deliver_due(NOW)
        doctors.change_contact(
            world.doctor, mobile_phone="+44 7700 900123", actor=DOCTOR, now=NOW + MINUTE
        )
        tick(NOW + DAY - HOUR)
        engine.deliver_due(NOW + DAY - HOUR + timedelta(seconds=1))

    assert [twilio.form(request)["To"] for request in receiver.requests] == [
        "+4915112345678",
        "+447700900123",
    ]
