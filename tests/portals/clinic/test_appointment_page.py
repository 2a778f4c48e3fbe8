"""The page of one appointment: who sees it, what it says, what it offers, what it costs."""

from datetime import timedelta

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from appointments import lifecycle
from appointments.models import Appointment
from appointments.status import Status
from common.clock import from_epoch, to_epoch
from notifications import subscriptions
from notifications.models import Channel, Delivery, DeliveryAttempt, DeliveryState, EventType
from organisations.models import AuditEntry
from portals.clinic.access import ACCESS_QUERIES
from portals.clinic.layout import LAYOUT_QUERIES
from reminders.models import RecipientGroup, ReminderRule
from tests.appointments.clinic import HOUR, MINUTE, START
from tests.factories import ADMIN, NOW, PATIENT, make_appointment, make_patient

from .front_desk import FrontDesk, actions, url, words

# The visit; its history; the reminder log's five; messages and attempts; the audit entry.
PAGE_QUERIES = ACCESS_QUERIES + LAYOUT_QUERIES + 1 + 1 + 5 + 2 + 1


def test_facts_are_told_in_the_organisations_zone_with_the_doctors_beside(desk: FrontDesk) -> None:
    desk.clinic.doctor.timezone = "America/New_York"
    desk.clinic.doctor.save()
    visit = desk.clinic.book()

    text = words(desk.admin.get(url("appointment", visit.uid)))

    assert "Mon 1 Mar 2027, 15:00 Europe/Berlin, CET 09:00 America/New_York, EST" in text
    assert visit.uid in text
    assert "Paula Patient" in text


def test_opening_it_is_audited_with_the_uid_only(desk: FrontDesk) -> None:
    visit = desk.clinic.book()

    desk.operations.get(url("appointment", visit.uid))

    entry = AuditEntry.objects.get(action="appointment.opened")
    assert (entry.actor_label, entry.object_uid) == ("Olga Operations", visit.uid)
    assert entry.details == {}


def test_history_says_who_what_when_and_why(desk: FrontDesk) -> None:
    visit = desk.clinic.book()
    lifecycle.cancel(
        visit,
        reason="Doctor is ill",
        on_behalf_of="doctor",
        tell_patient=False,
        actor=ADMIN,
        now=NOW + MINUTE,
    )

    text = words(desk.admin.get(url("appointment", visit.uid)))

    assert (
        "Cancelled by Ada Admin Mon 1 Mar 2027, 09:01 Europe/Berlin, CET Reason: Doctor is ill "
        "On behalf of the doctor. The patient was not told." in text
    )
    assert "Confirmed by the patient" in text
    assert "Time held by the patient" in text


def test_a_chain_is_walkable_both_ways(desk: FrontDesk) -> None:
    first = desk.clinic.book()
    second = lifecycle.rebook(first, starts_at=START + HOUR, actor=PATIENT, now=NOW)
    third = lifecycle.rebook(second, starts_at=START + 2 * HOUR, actor=PATIENT, now=NOW)

    html = desk.admin.get(url("appointment", second.uid)).content.decode()

    assert url("appointment", first.uid) in html
    assert url("appointment", third.uid) in html
    assert "This appointment was moved." in html


@pytest.mark.parametrize(
    ("status", "minutes_later", "offered"),
    [
        (Status.HELD, 0, ["Confirm for the patient", "Cancel"]),
        (Status.HELD, 15, ["Book again"]),  # run out, whether or not the manager ran
        (Status.CONFIRMED, 0, ["Move to another time", "Cancel"]),
        (Status.CONFIRMED, 301, ["Cancel"]),  # within the notice of an hour
        (Status.CONFIRMED, 360, ["Mark as completed", "Mark as no-show", "Cancel"]),
        (Status.CANCELLED, 0, ["Book again"]),
        (Status.EXPIRED, 0, ["Book again"]),
        (Status.COMPLETED, 400, ["Mark as no-show"]),
        (Status.NO_SHOW, 400, ["Mark as completed", "Book again"]),
    ],
)
def test_only_what_is_allowed_now_is_offered(
    desk: FrontDesk, status: Status, minutes_later: int, offered: list[str]
) -> None:
    visit = _visit(desk, status)
    desk.at(NOW + minutes_later * MINUTE)

    assert actions(desk.admin.get(url("appointment", visit.uid))) == offered


def test_a_visit_that_was_moved_is_not_booked_again_but_leads_on(desk: FrontDesk) -> None:
    old = desk.clinic.book()
    lifecycle.rebook(old, starts_at=START + HOUR, actor=PATIENT, now=NOW)

    assert actions(desk.admin.get(url("appointment", old.uid))) == []


def test_inside_the_notice_it_says_so(desk: FrontDesk) -> None:
    visit = desk.clinic.book()
    desk.at(START - HOUR)
    assert "too close to move" not in words(desk.admin.get(url("appointment", visit.uid)))
    desk.at(START - HOUR + timedelta(seconds=1))

    text = words(desk.admin.get(url("appointment", visit.uid)))

    assert "It is too close to move; cancel and book again." in text


def test_the_reminder_log_is_shown(desk: FrontDesk) -> None:
    ReminderRule.objects.create(
        organisation=desk.clinic.organisation,
        appointment_type=desk.clinic.kind,
        recipient_group=RecipientGroup.PATIENT,
        minutes_before=90,
        send_email=True,
        created_at=NOW - HOUR,
    )
    visit = desk.clinic.book()

    text = words(desk.admin.get(url("appointment", visit.uid)))

    assert "Patient Paula Patient Planned 1 h 30 min before: 1 Mar 2027, 13:30" in text


def test_messages_are_listed_with_their_attempts_and_can_be_sent_again(desk: FrontDesk) -> None:
    visit = desk.clinic.book()
    delivery = _delivered(visit, number_of_attempts=2)

    text = words(desk.admin.get(url("appointment", visit.uid)))
    assert "Confirmation E-mail to Paula Patient · paula@patients.example" in text
    assert "451 mailbox busy" in text

    answer = desk.operations.post(url("appointment-resend", visit.uid, delivery.uid))

    assert answer.headers["Location"] == url("appointment", visit.uid) + "#messages"
    again = Delivery.objects.exclude(pk=delivery.pk).get(context__resent_from=delivery.uid)
    assert (again.address, again.state) == (delivery.address, DeliveryState.PENDING)
    assert desk.audited("delivery.resent") == [("Olga Operations", delivery.uid)]


def test_a_webhook_of_a_disabled_subscription_is_not_sent_again_and_the_page_says_why(
    desk: FrontDesk,
) -> None:
    subscription, _ = subscriptions.create(
        desk.clinic.organisation,
        notification_type=EventType.MEETING_UPDATED,
        target="https://partner.example/hooks",
        options=subscriptions.Options(),
        actor=ADMIN,
        now=NOW,
    )
    visit = desk.clinic.book()
    webhook = Delivery.objects.get(channel=Channel.WEBHOOK)
    subscriptions.disable(subscription, actor=ADMIN, now=NOW)

    answer = desk.admin.post(url("appointment-resend", visit.uid, webhook.uid), follow=True)

    assert "enable it first" in words(answer)
    assert Delivery.objects.filter(channel=Channel.WEBHOOK).count() == 1


def test_a_delivery_of_another_appointment_is_not_sent_from_here(desk: FrontDesk) -> None:
    visit, other = desk.clinic.book(), desk.clinic.book(START + HOUR)
    delivery = _delivered(other)

    assert desk.admin.post(url("appointment-resend", visit.uid, delivery.uid)).status_code == 404
    assert not Delivery.objects.filter(context__has_key="resent_from").exists()


def test_it_costs_the_same_with_one_message_and_with_three(
    desk: FrontDesk, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for group in RecipientGroup:
        ReminderRule.objects.create(
            organisation=desk.clinic.organisation,
            appointment_type=desk.clinic.kind,
            recipient_group=group,
            minutes_before=60,
            send_email=True,
            created_at=NOW - HOUR,
        )
    visit = desk.clinic.book()
    desk.admin.get(url("appointment", visit.uid))
    few = Delivery.objects.filter(about_uid=visit.uid).count()

    def measure() -> int:
        with django_assert_num_queries(PAGE_QUERIES - 2):  # no reminder was dealt with: no names
            desk.admin.get(url("appointment", visit.uid))
        return Delivery.objects.filter(about_uid=visit.uid).count()

    assert measure() == few
    _delivered(visit, number_of_attempts=3)
    _delivered(visit, number_of_attempts=1)
    assert measure() == few + 2


PAGES = ("appointment", "appointment-cancel", "appointment-rebook", "appointment-book-again")


@pytest.mark.parametrize("name", PAGES)
def test_another_organisations_visit_reads_like_none(
    desk: FrontDesk, stranger: Client, name: str
) -> None:
    visit = desk.clinic.book()

    theirs, absent = stranger.get(url(name, visit.uid)), stranger.get(url(name, "mtg-absent"))

    assert (theirs.status_code, absent.status_code) == (404, 404)
    assert theirs.content == absent.content
    assert not AuditEntry.objects.filter(object_uid=visit.uid).exists()


def _visit(desk: FrontDesk, status: Status) -> Appointment:
    return make_appointment(
        patient=make_patient(shop=desk.clinic.shop),
        doctor=desk.clinic.doctor,
        appointment_type=desk.clinic.kind,
        starts_at=START,
        status=status,
    )


def _delivered(visit: Appointment, *, number_of_attempts: int = 1) -> Delivery:
    delivery = Delivery.objects.create(
        organisation=visit.organisation,
        channel=Channel.EMAIL,
        kind="appointment.confirmed",
        subject_uid=visit.uid,
        about_uid=visit.uid,
        recipient_group="patient",
        recipient_uid=visit.patient.uid,
        address=visit.patient.email,
        state=DeliveryState.SENT,
        created_at=NOW,
        settled_at=NOW,
    )
    for number in range(1, number_of_attempts + 1):
        DeliveryAttempt.objects.create(
            delivery=delivery,
            number=number,
            started_at=from_epoch(to_epoch(NOW) + number),
            finished_at=from_epoch(to_epoch(NOW) + number),
            error="451 mailbox busy",
        )
    return delivery
