"""The outbox shows every mail and SMS of the demo from the files they were written to, newest first."""

import re
from datetime import datetime, timedelta

import pytest
from django.test import Client
from icalendar import Calendar
from pytest_django import DjangoAssertNumQueries, Settings

from appointments import lifecycle
from appointments.models import Appointment
from appointments.slots import bookable
from common.clock import from_epoch, to_epoch, utc_now
from notifications import callbacks, delivery
from notifications.callbacks import Report
from notifications.models import Channel, Delivery
from reminders import firing
from rxscale.demo import outbox
from rxscale.demo.clinic import Clinic
from rxscale.demo.mail_files import mail_file
from tests.factories import PATIENT

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


def _book(clinic: Clinic, now: datetime, *, hours: int) -> Appointment:
    patient = next(each for each in clinic.patients if each.phone)
    start = to_epoch(now + timedelta(hours=hours))
    slot = bookable(clinic.types[0], start=start, end=start + 86_400, now=now)[0]
    held = lifecycle.hold(
        patient=patient,
        appointment_type=clinic.types[0],
        starts_at=from_epoch(slot.starts_at),
        actor=PATIENT,
        now=now,
    )
    return lifecycle.confirm(held, actor=PATIENT, now=now)


def _confirmation_and_reminder(clinic: Clinic) -> Appointment:
    """The patient's mail of a minute ago, and mail and SMS of a reminder that is due now."""
    now = utc_now()
    visit = _book(clinic, now - timedelta(days=1), hours=20)
    delivery.deliver_due(now - timedelta(days=1))
    due = visit.starts_at - timedelta(minutes=15)
    firing.fire_due(due)
    delivery.deliver_due(due)
    return visit


def test_mail_and_sms_stand_newest_first(northside: Clinic, client: Client) -> None:
    visit = _confirmation_and_reminder(northside)

    letters = outbox.newest()
    assert [letter.is_sms for letter in letters].count(True) == 1
    assert letters == sorted(letters, key=lambda letter: letter.left_at, reverse=True)
    answer = client.get("/demo/outbox/").content.decode()
    assert answer.count(visit.patient.email) >= 2
    assert visit.patient.phone in answer


def test_a_page_of_the_outbox_is_two_statements(
    northside: Clinic, client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    _confirmation_and_reminder(northside)
    before = outbox.newest()[0].uid

    with django_assert_num_queries(1):
        client.get("/demo/outbox/")
    with django_assert_num_queries(2):
        client.get(f"/demo/outbox/?before={before}")


def test_a_mail_is_framed_as_it_is_read(northside: Clinic, client: Client) -> None:
    _confirmation_and_reminder(northside)
    mail = outbox.newest()[-1]

    page = client.get(f"/demo/outbox/{mail.uid}/")
    text = page.content.decode()
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in text
    assert "frame-src 'self'" in page.headers["Content-Security-Policy"]
    frame = client.get(f"/demo/outbox/{mail.uid}/html")
    assert frame.headers["X-Frame-Options"] == "SAMEORIGIN"
    policy = frame.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script" not in policy
    assert '<base target="_blank">' in frame.content.decode()


def test_its_links_work_and_its_calendar_file_is_one(
    northside: Clinic, client: Client, doors: Settings
) -> None:
    visit = _confirmation_and_reminder(northside)
    mail = outbox.newest()[-1]

    links = re.findall(rf"{doors.BASE_URL}(/\S+)", mail.text)
    assert links
    assert {client.get(link).status_code for link in links} == {200}
    file = client.get(f"/demo/outbox/{mail.uid}/files/0")
    assert "attachment" in file.headers["Content-Disposition"]
    [event] = Calendar.from_ical(file.content).walk("VEVENT")
    assert event.decoded("dtstart") == visit.starts_at
    assert client.get(f"/demo/outbox/{mail.uid}/files/1").status_code == 404


def test_an_sms_is_shown_with_links_to_follow(northside: Clinic, client: Client) -> None:
    visit = _confirmation_and_reminder(northside)
    [sms] = [letter for letter in outbox.newest() if letter.is_sms]

    text = client.get(f"/demo/outbox/{sms.uid}/").content.decode()
    assert f"SMS to {visit.patient.phone}" in text
    assert '<a href="http://127.0.0.1:8000/' in text


def test_one_that_bounced_says_so(northside: Clinic, client: Client) -> None:
    _confirmation_and_reminder(northside)
    row = Delivery.objects.filter(channel=Channel.EMAIL).earliest("id")
    callbacks.settle(row, Report.BOUNCED, reason="550 no such mailbox", now=utc_now())

    assert "550 no such mailbox" in client.get(f"/demo/outbox/{row.uid}/").content.decode()


def test_the_list_asks_for_what_is_new_and_gets_only_that(
    northside: Clinic, client: Client
) -> None:
    _confirmation_and_reminder(northside)
    newest, *older = outbox.newest()

    news = client.get(f"/demo/outbox/?after={older[0].uid}", headers=HTMX).content.decode()
    assert newest.uid in news
    assert f"/demo/outbox/{older[0].uid}/" not in news
    assert client.get(f"/demo/outbox/?after={newest.uid}", headers=HTMX).status_code == 204


def test_older_ones_are_a_page_away(
    northside: Clinic, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    _confirmation_and_reminder(northside)
    newest, *older = outbox.newest()
    monkeypatch.setattr(outbox, "PAGE", 1)

    assert f"?before={newest.uid}" in client.get("/demo/outbox/").content.decode()
    text = client.get(f"/demo/outbox/?before={newest.uid}").content.decode()
    assert older[0].uid in text
    assert f"/{newest.uid}/" not in text
    assert "hx-get" not in text  # an older page does not grow


def test_what_a_provider_took_and_what_is_nobodys_is_not_shown(
    northside: Clinic, client: Client
) -> None:
    _confirmation_and_reminder(northside)
    row = Delivery.objects.filter(channel=Channel.EMAIL).earliest("id")
    mail_file(row.uid).unlink()

    assert row.uid not in [letter.uid for letter in outbox.newest()]
    for uid in (row.uid, "dlv-nothing", "..", "%00"):
        assert client.get(f"/demo/outbox/{uid}/").status_code == 404
        assert client.get(f"/demo/outbox/?before={uid}").status_code == 200


def test_a_mail_that_is_sent_twice_is_two_files(northside: Clinic) -> None:
    _confirmation_and_reminder(northside)
    row = Delivery.objects.filter(channel=Channel.EMAIL).earliest("id")
    Delivery.objects.filter(pk=row.pk).update(
        state="pending", next_attempt_at=row.created_at, settled_at=None
    )
    delivery.deliver_due(row.created_at + timedelta(hours=1))

    assert mail_file(row.uid).with_suffix(".2.eml").exists()
