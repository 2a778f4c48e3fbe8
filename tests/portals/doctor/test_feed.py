"""The calendar feed over HTTP: by its secret address alone, asked often, read by programs."""

import logging
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as configured
from django.http import HttpResponse
from django.test import Client
from icalendar import Calendar
from pytest_django import DjangoAssertNumQueries, Settings
from redis import Redis

from appointments import calendar_feed, lifecycle
from appointments.models import CalendarFeed
from organisations.models import Doctor
from rxscale import logs
from tests.factories import ADMIN, DOCTOR, NOW, make_doctor, make_patient, make_user

from .surgery import Surgery

pytestmark = pytest.mark.django_db
FEED_QUERIES = 2  # the feed with doctor, user and organisation; the visits


@pytest.fixture(autouse=True)
def _store(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Unlimited, unless a test says otherwise; at the tests' NOW."""
    settings.FEED_RATE_LIMIT = "off"
    monkeypatch.setattr("portals.doctor.feed.utc_now", lambda: NOW)
    yield
    with Redis.from_url(settings.REDIS_URL) as store:
        for key in store.scan_iter("ratelimit*feed:*"):
            store.delete(key)


@pytest.fixture
def path(surgery: Surgery) -> str:
    return path_of(calendar_feed.issue(surgery.doctor, actor=DOCTOR, now=NOW), surgery.doctor)


def path_of(feed: CalendarFeed, doctor: Doctor) -> str:
    return calendar_feed.url(feed, doctor).removeprefix(configured.BASE_URL)


def fetch(path: str, **headers: str) -> HttpResponse:
    answer = Client().get(path, headers=headers)
    assert isinstance(answer, HttpResponse)
    return answer


def events_in(answer: HttpResponse) -> list[Any]:
    return list(Calendar.from_ical(answer.content).walk("VEVENT"))


def test_whoever_has_the_address_reads_the_visits(surgery: Surgery, path: str) -> None:
    visit = surgery.clinic.book()
    answer = fetch(path)

    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    (event,) = events_in(answer)
    assert event["SUMMARY"] == "RxScale consultation"
    assert event.decoded("DTSTART") == visit.starts_at
    assert not answer.cookies


def test_it_is_neither_indexed_nor_passed_on_nor_kept_by_anybody_in_between(path: str) -> None:
    headers = fetch(path).headers

    assert headers["X-Robots-Tag"] == "noindex, nofollow"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "private, no-cache"
    assert "default-src 'none'" in headers["Content-Security-Policy"]


def test_it_stays_valid_after_a_move_and_a_cancellation(surgery: Surgery, path: str) -> None:
    visit = surgery.clinic.book()
    (before,) = events_in(fetch(path))
    later = visit.starts_at + timedelta(hours=2)
    moved = lifecycle.rebook(visit, starts_at=later, actor=ADMIN, now=NOW)
    (after,) = events_in(fetch(path))
    lifecycle.cancel(moved, reason="Ill", actor=ADMIN, now=NOW)
    at_the_end = fetch(path)

    assert (before["UID"], after["UID"]) == (after["UID"], before["UID"])
    assert (before["SEQUENCE"], after["SEQUENCE"]) == (0, 1)
    assert after.decoded("DTSTART") == later
    assert (at_the_end.status_code, events_in(at_the_end)) == (200, [])


def test_what_has_not_changed_is_not_sent_again(surgery: Surgery, path: str) -> None:
    first = fetch(path)
    tag = first.headers["ETag"]
    again = fetch(path, **{"If-None-Match": tag})
    surgery.clinic.book()
    changed = fetch(path, **{"If-None-Match": tag})

    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)
    assert (changed.status_code, changed.headers["ETag"] == tag) == (200, False)
    assert len(events_in(changed)) == 1


def test_the_number_of_queries_is_constant(
    surgery: Surgery, path: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for count in (1, 3):
        for hours in range(count):
            surgery.clinic.book(NOW + timedelta(days=count, hours=hours))
        with django_assert_num_queries(FEED_QUERIES):
            answer = fetch(path)
    assert len(events_in(answer)) == 4
    with django_assert_num_queries(0):
        fetch("/calendar/anything.ics")


def test_whatever_is_no_address_is_the_same_404(surgery: Surgery, path: str) -> None:
    doctor = surgery.doctor
    renewed = path_of(calendar_feed.issue(doctor, actor=DOCTOR, now=NOW), doctor)
    other = make_doctor(organisation=doctor.organisation, user=make_user(is_active=False))
    theirs = path_of(calendar_feed.issue(other, actor=DOCTOR, now=NOW), other)
    assert fetch(renewed).status_code == 200
    Doctor.objects.filter(pk=doctor.pk).update(is_active=False)

    wrong = [path, renewed, theirs, "/calendar/cal-nothing.abcdefghijklmnopqrst.ics"]
    answers = [fetch(address) for address in (*wrong, "/calendar/%00.ics")]

    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1
    headers = [dict(answer.headers) for answer in answers]
    for each in headers:
        del each["X-Request-ID"]  # tells the requests apart, not the addresses
    assert all(each == headers[0] for each in headers)


def test_who_asks_too_often_is_told_when_to_come_back(
    surgery: Surgery, path: str, settings: Settings
) -> None:
    settings.FEED_RATE_LIMIT = "2/m"
    colleague = make_doctor(organisation=surgery.doctor.organisation, user=make_user())
    other = path_of(calendar_feed.issue(colleague, actor=DOCTOR, now=NOW), colleague)

    answers = [fetch(path) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 60
    assert fetch(other).status_code == 200


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_it_can_only_be_read(path: str, method: str) -> None:
    assert getattr(Client(), method)(path).status_code == 405
    head = Client().head(path)
    assert (head.status_code, head.content) == (200, b"")


def test_no_patient_is_in_it(surgery: Surgery, path: str) -> None:
    patient = make_patient(
        shop=surgery.clinic.shop,
        first_name="Zebulina",
        last_name="Quaxworth",
        email="quaxmail@canary.example",
        phone="+4915112345678",
    )
    surgery.clinic.book(patient=patient)
    text = fetch(path).content.decode().replace("\r\n ", "").lower()

    assert "begin:vevent" in text
    canaries = ("zebulina", "quaxworth", "canary", "15112345678", patient.uid)
    assert [word for word in canaries if word in text] == []


def test_the_log_of_a_request_says_feed_and_not_which(
    path: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, logger="django.request"):
        fetch(path.replace(".ics", "x.ics"))
    lines = [logs.formatter(is_json=True).format(record) for record in caplog.records]

    assert [line for line in lines if "/calendar/…" in line]
    assert [line for line in lines if "cal-" in line] == []
