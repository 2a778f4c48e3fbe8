"""A patient nobody else resembles: walk every page that shows or handles them, then look where they must not be.

Not in a log line, at any level; not in an address that a page, a redirect, a mail or a feed emits; not in the
subject of a mail or in what a calendar shows.
"""

import logging
import re
from collections.abc import Iterator
from copy import deepcopy
from datetime import date, timedelta
from html import unescape
from typing import Any
from urllib.parse import unquote_plus

import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client
from django.urls import reverse

from appointments import links
from common.clock import utc_now
from notifications import kinds
from notifications.models import Channel, Delivery
from organisations.models import AuditEntry
from rxscale import logs, maintenance
from tests.standing import Stand

from .booking.front import Shop, launched
from .clinic.front_desk import prove_again
from .everything import Everything, make_everything
from .routes import routes

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
PATIENT = {
    "first_name": "Zebulina",
    "last_name": "Quaxworth",
    "email": "quaxmail@canary.example",
    "phone": "+4915112345678",
}
BORN = date(1931, 7, 23)
# As it is stored, typed, written in words and encoded.
CANARIES = (
    "zebulina",
    "quaxworth",
    "quaxmail",
    "canary.example",
    "15112345678",
    "1931-07-23",
    "23 jul 1931",
)
ADDRESS = re.compile(r'\s(?:href|action|formaction|src|hx-[a-z-]+|data-[a-z-]+)="([^"]*)"')


@pytest.fixture(scope="module")
def standing_things(stand: Stand) -> Everything:
    return stand(_with_a_canary)


@pytest.fixture
def things(standing_things: Everything) -> Everything:
    return deepcopy(standing_things)


def _with_a_canary() -> Everything:
    things = make_everything(utc_now(), **PATIENT)
    things.patient.date_of_birth = BORN
    things.patient.save()
    return things


@pytest.fixture
def admin(things: Everything) -> Client:
    client = Client(headers={"referer": "http://testserver/admin/appointments/"})
    client.force_login(things.admin.user)
    prove_again(client)
    return client


@pytest.fixture
def doctor(things: Everything) -> Client:
    client = Client(headers={"referer": "http://testserver/doctor/"})
    client.force_login(things.doctor_user)
    prove_again(client)
    return client


@pytest.fixture
def log_lines() -> Iterator[list[str]]:
    """Every line, as the handlers write it: ours from DEBUG on, Django's from INFO, as LOGGING pins it."""
    lines: list[str] = []
    formatters = [logs.formatter(is_json=is_json) for is_json in (True, False)]

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.extend(formatter.format(record) for formatter in formatters)

    kept = Kept()
    levels = {"": logging.DEBUG, "django.request": logging.INFO, "django.server": logging.INFO}
    before = {name: logging.getLogger(name).level for name in levels}
    logging.getLogger().addHandler(kept)
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)
    yield lines
    logging.getLogger().removeHandler(kept)
    for name, level in before.items():
        logging.getLogger(name).setLevel(level)


def found_in(text: str) -> list[str]:
    plain = unquote_plus(unescape(text)).lower()
    return [canary for canary in CANARIES if canary in plain]


def addresses(answer: Any) -> list[str]:
    """Every URL the answer sends a browser to, or offers it."""
    headers = (answer.headers.get(name, "") for name in ("Location", "HX-Redirect", "HX-Push-Url"))
    return [*ADDRESS.findall(text_of(answer)), *headers]


def text_of(answer: Any) -> str:
    content: bytes = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return content.decode()


def walk(client: Client, things: Everything, surface: str) -> Iterator[tuple[str, Any]]:
    """Every page of a portal, whole and as htmx asks for it, and every form posted with nothing typed."""
    cookies = dict(client.cookies)
    for route in routes(surface):
        url = reverse(route.name, kwargs=things.arguments(route.name, route.parameters))
        for method, more in (("get", {}), ("get", HTMX), ("post", {})):
            point = transaction.savepoint()
            data = {"csrfmiddlewaretoken": "as browsers send"} if method == "post" else {}
            yield route.name, getattr(client, method)(url, data, headers=more)
            transaction.savepoint_rollback(point)
            client.cookies.update(cookies)  # some acts begin a session anew, which was taken back


def typed_searches(admin: Client, things: Everything) -> Iterator[tuple[str, Any]]:
    for name in ("search", "appointments-patient"):
        for text in (*PATIENT.values(), "Zebulina Quax"):
            yield name, admin.post(reverse(f"clinic:{name}"), {"text": text})
    uids = [visit.uid for visit in (things.booked, *things.others)]
    yield "appointments-cancel", admin.get(reverse("clinic:appointments-cancel"), {"uid": uids})
    ask = {"text": PATIENT["email"]}
    yield "search", admin.post(reverse("clinic:search"), ask, headers=HTMX)


def test_the_canary_is_on_the_pages_it_belongs_to(
    admin: Client, doctor: Client, things: Everything
) -> None:
    """Else the tests below would show nothing."""
    patient = admin.get(reverse("clinic:patient", args=[things.patient.uid]))
    visit = admin.get(reverse("clinic:appointment", args=[things.booked.uid]))
    visits = admin.get(reverse("clinic:appointments"))
    own = doctor.get(reverse("doctor:appointments"))
    found = admin.post(reverse("clinic:search"), {"text": "quaxmail"})

    assert set(found_in(text_of(patient))) >= {"zebulina", "quaxmail", "15112345678", "23 jul 1931"}
    assert set(found_in(text_of(visit))) >= {"zebulina", "quaxmail"}
    assert "quaxworth" in found_in(text_of(visits))
    assert "quaxworth" in found_in(text_of(found))
    assert "quaxworth" in found_in(text_of(own))


@pytest.mark.fuzz
def test_no_address_no_cookie_and_no_log_line_carries_patient_data(
    admin: Client, doctor: Client, things: Everything, log_lines: list[str]
) -> None:
    offered = 0
    pages = (*walk(admin, things, "admin"), *walk(doctor, things, "doctor"))
    for name, answer in (*pages, *typed_searches(admin, things)):
        if answer.headers.get("Content-Type", "").startswith("text/html"):
            found = addresses(answer)
            offered += len(found)
            assert [url for url in found if found_in(url)] == [], name
        assert [cookie for cookie in answer.cookies.values() if found_in(cookie.value)] == [], name
    maintenance.run(utc_now())
    logging.getLogger("rxscale.canary").debug("the walk is over")

    assert offered > 1_000
    assert any("the walk is over" in line for line in log_lines)
    assert len(log_lines) > 50
    assert [line for line in log_lines if found_in(line)] == []


def test_the_booking_page_shows_the_patient_to_nobody_but_the_patient(
    things: Everything, log_lines: list[str]
) -> None:
    """From the launch code to the visit: what it says about them stands in its pages only."""
    kind = things.clinic.kind
    at = things.booked.starts_at + timedelta(hours=3)
    visitor = launched(Shop(things.clinic, utc_now()).code(**PATIENT))
    answers = [visitor.choose(), visitor.hold(kind, at)]
    details = answers[-1].headers["Location"]
    typed = PATIENT | {"phone": "call me", "date_of_birth": BORN.isoformat()}
    answers += [
        visitor.client.get(details),
        visitor.confirm(visitor.held(), **typed),
        visitor.release(visitor.held(), **typed),
        visitor.hold(kind, at),
        visitor.confirm(visitor.held(), **PATIENT),
        visitor.client.get(reverse("booking:done", args=[visitor.held().uid])),
    ]

    assert [answer.status_code for answer in answers] == [200, 302, 200, 422, 302, 302, 302, 200]
    assert "zebulina" in found_in(text_of(answers[2]))
    assert [url for answer in answers for url in addresses(answer) if found_in(url)] == []
    cookies = [cookie.value for answer in answers for cookie in answer.cookies.values()]
    assert len(cookies) > 4
    assert [cookie for cookie in cookies if found_in(cookie)] == []
    assert [line for line in log_lines if found_in(line)] == []


def test_django_logs_no_statement_and_no_template_whatever_the_level() -> None:
    """At DEBUG those are full of data."""
    loggers: Any = logs.configuration(is_json=True, level="DEBUG")["loggers"]

    assert loggers["django"]["level"] == "INFO"


def test_the_audit_log_says_which_patient_and_nothing_about_them(
    admin: Client, things: Everything
) -> None:
    answers = dict(typed_searches(admin, things))
    admin.get(reverse("clinic:patient", args=[things.patient.uid]))
    admin.post(reverse("clinic:patient-export", args=[things.patient.uid]))
    entries = AuditEntry.objects.of(things.clinic.organisation)
    page = admin.get(reverse("clinic:audit"))

    assert set(answers) == {"search", "appointments-patient", "appointments-cancel"}
    assert entries.filter(action="patients.searched").count() >= 8
    assert entries.filter(object_uid=things.patient.uid).count() >= 2
    assert [str(entry.details) for entry in entries if found_in(str(entry.details))] == []
    assert found_in(text_of(page)) == []


def test_mails_carry_no_patient_in_subject_calendar_or_link(things: Everything) -> None:
    now, seen = utc_now(), 0
    for delivery in Delivery.objects.filter(channel=Channel.EMAIL):
        mail = kinds.find(delivery.kind).render(delivery, now)
        assert isinstance(mail, kinds.Email)
        files = [attachment.content.decode() for attachment in mail.attachments]
        addresses_in_it = re.findall(r"https?://\S+", mail.text) + ADDRESS.findall(mail.html)
        seen += len(files)

        assert found_in(mail.subject) == []
        assert [file for file in files if found_in(file)] == []
        assert [url for url in addresses_in_it if found_in(url)] == []
    assert seen > 0


def test_the_patients_own_calendar_entry_names_no_patient(things: Everything) -> None:
    path = links.manage_url(things.booked).removeprefix(settings.BASE_URL)
    entry = text_of(Client().get(f"{path}/appointment.ics"))

    assert "BEGIN:VEVENT" in entry
    assert found_in(entry.replace("\r\n ", "")) == []


def test_the_doctors_calendar_feed_names_no_patient(things: Everything) -> None:
    feed = text_of(Client().get(things.feed_path))

    assert "BEGIN:VEVENT" in feed
    assert found_in(feed.replace("\r\n ", "")) == []


def test_error_pages_repeat_nothing_that_was_typed(admin: Client, things: Everything) -> None:
    answers = [
        admin.get(f"/admin/patients/{PATIENT['email']}/"),
        admin.get(f"/admin/appointments/{PATIENT['last_name']}/"),
        Client(enforce_csrf_checks=True).post("/admin/search/", {"text": PATIENT["email"]}),
    ]

    assert [answer.status_code for answer in answers] == [404, 404, 403]
    assert [found_in(text_of(answer)) for answer in answers] == [[], [], []]
