"""A doctor's calendar feed, read back with icalendar: only confirmed visits, one entry per chain, nobody named."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings as configured
from icalendar import Calendar
from pytest_django import DjangoAssertNumQueries, Settings

from appointments import calendar_feed, lifecycle
from appointments.models import Appointment, CalendarFeed
from appointments.status import Status
from common.crypto import mac
from organisations.models import AuditEntry, Doctor, Organisation, User
from tests.factories import (
    ADMIN,
    DOCTOR,
    NOW,
    PARTNER,
    make_appointment,
    make_doctor,
    make_organisation,
    make_patient,
    make_shop,
    make_type,
    make_user,
    open_all_week,
)

pytestmark = pytest.mark.django_db
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
START = NOW + 2 * DAY


class World:
    def __init__(self) -> None:
        self.organisation = make_organisation()
        self.doctor = self.new_doctor("Dr Jane Hill")
        self.kind = make_type(
            organisation=self.organisation, doctors=[self.doctor], name="Canary Kind"
        )
        self.shop = make_shop(organisation=self.organisation)
        self.feed = calendar_feed.issue(self.doctor, actor=DOCTOR, now=NOW)

    def new_doctor(self, name: str) -> Doctor:
        doctor = make_doctor(
            organisation=self.organisation, display_name=name, user=make_user(name=name)
        )
        open_all_week(doctor)
        return doctor

    def visit(self, starts_at: datetime = START, **fields: Any) -> Appointment:
        return make_appointment(
            patient=make_patient(
                shop=self.shop,
                first_name="Canaryfirst",
                last_name="Canarylast",
                email="canary@patients.example",
                phone="+4915123456789",
            ),
            **{
                "doctor": self.doctor,
                "appointment_type": self.kind,
                "starts_at": starts_at,
                "client_reference": "canary-reference",
                **fields,
            },
        )

    def contents(self, now: datetime = NOW) -> calendar_feed.Contents:
        found = calendar_feed.find(token_of(self.feed, self.doctor))
        assert found is not None
        return calendar_feed.contents(found, now=now)

    def events(self, now: datetime = NOW) -> list[Any]:
        """As a calendar reads them."""
        return list(Calendar.from_ical(self.contents(now).to_ical()).walk("VEVENT"))


@pytest.fixture
def world() -> World:
    return World()


def token_of(feed: CalendarFeed, doctor: Doctor) -> str:
    address = calendar_feed.url(feed, doctor)
    return address.removeprefix(f"{configured.BASE_URL}/calendar/").removesuffix(".ics")


def test_a_visit_is_its_time_a_title_and_the_way_to_the_portal(world: World) -> None:
    visit = world.visit()
    (event,) = world.events()
    page = f"{configured.BASE_URL}/doctor/appointments/{visit.uid}/"

    assert event["SUMMARY"] == "RxScale consultation"
    assert event["DTSTART"].to_ical() == b"20270303T080000Z"
    assert event["DTEND"].to_ical() == b"20270303T083000Z"
    assert (event["URL"], event["DESCRIPTION"]) == (page, page)
    assert (event["STATUS"], event["CLASS"], event["SEQUENCE"]) == ("CONFIRMED", "PRIVATE", 0)


def test_it_is_a_calendar_of_the_standard_with_a_name(world: World) -> None:
    calendar: Any = Calendar.from_ical(world.contents().to_ical())

    assert (calendar["VERSION"], calendar["NAME"]) == ("2.0", "RxScale · Northside Clinic")
    assert calendar["REFRESH-INTERVAL"].dt == timedelta(minutes=15)
    assert "METHOD" not in calendar
    assert calendar.subcomponents  # RFC 5545 wants at least one, also without a visit


def test_a_move_keeps_the_entry_and_raises_its_sequence_a_cancellation_takes_it_out(
    world: World,
) -> None:
    other = world.visit(START + 5 * DAY)
    visit = world.visit()
    seen = [world.events()[0]]
    for hours in (3, 4):
        visit = lifecycle.rebook(visit, starts_at=START + hours * HOUR, actor=ADMIN, now=NOW)
        first, second = world.events()
        assert second["UID"].startswith(other.uid)
        seen.append(first)
    lifecycle.cancel(visit, reason="Ill", actor=ADMIN, now=NOW)

    assert len({str(event["UID"]) for event in seen}) == 1
    assert [event["SEQUENCE"] for event in seen] == [0, 1, 2]
    assert [event.decoded("DTSTART") - START for event in seen] == [0 * HOUR, 3 * HOUR, 4 * HOUR]
    assert seen[-1]["URL"].endswith(f"/{visit.uid}/")
    assert [event["UID"] for event in world.events()] == [f"{other.uid}.doctor@127.0.0.1"]


def test_a_visit_handed_over_changes_calendars(world: World) -> None:
    colleague = world.new_doctor("Dr Lee")
    world.kind.doctors.add(colleague, through_defaults={"organisation": world.organisation})
    visit = world.visit()
    lifecycle.rebook(visit, starts_at=START, doctor=colleague, actor=ADMIN, now=NOW)
    theirs = calendar_feed.issue(colleague, actor=DOCTOR, now=NOW)
    (event,) = Calendar.from_ical(calendar_feed.contents(theirs, now=NOW).to_ical()).walk("VEVENT")

    assert world.events() == []
    assert (event["UID"], event["SEQUENCE"]) == (f"{visit.uid}.doctor@127.0.0.1", 1)


@pytest.mark.parametrize("status", Status)
def test_what_was_confirmed_and_not_called_off_is_in_it(world: World, status: Status) -> None:
    is_over = status in (Status.COMPLETED, Status.NO_SHOW)
    world.visit(NOW - DAY if is_over else START, status=status)

    assert len(world.events()) == (status in (Status.CONFIRMED, Status.COMPLETED, Status.NO_SHOW))


def test_it_reaches_back_thirty_days_and_ahead_without_end(world: World) -> None:
    starts = [NOW - 30 * DAY - HOUR, NOW - 30 * DAY, NOW + 700 * DAY]
    for start in starts:
        world.visit(start, now=NOW - 60 * DAY)

    assert [event.decoded("DTSTART") for event in world.events()] == starts[1:]


def test_a_colleagues_visits_are_not_in_it(world: World) -> None:
    world.visit(doctor=world.new_doctor("Dr Lee"))

    assert world.events() == []


def test_instants_are_utc_so_that_no_zone_has_to_be_explained(world: World) -> None:
    # The hour that Berlin repeats, and the one it leaves out.
    for start in (datetime(2027, 10, 31, 1, 30, tzinfo=UTC), datetime(2027, 3, 28, 1, tzinfo=UTC)):
        world.visit(start)
    text = world.contents().to_ical()

    found = [event["DTSTART"].to_ical() for event in Calendar.from_ical(text).walk("VEVENT")]
    assert found == [b"20270328T010000Z", b"20271031T013000Z"]
    assert b"TZID" not in text


def test_nothing_of_the_patient_and_not_what_it_is_about(world: World) -> None:
    visit = world.visit()
    text = world.contents().to_ical().decode().replace("\r\n ", "").lower()

    assert visit.uid in text
    assert [word for word in ("canary", "4915123456789", visit.patient.uid) if word in text] == []


def test_the_tag_changes_with_what_is_said_and_only_then(world: World) -> None:
    visit = world.visit()
    first = world.contents()
    later = world.contents(NOW + DAY)
    moved = lifecycle.rebook(visit, starts_at=START + HOUR, actor=ADMIN, now=NOW + HOUR)
    after_move = world.contents()
    lifecycle.cancel(moved, reason="Ill", actor=ADMIN, now=NOW + HOUR)
    after_cancel = world.contents()

    assert (first.etag, first.to_ical()) == (later.etag, later.to_ical())
    assert len({first.etag, after_move.etag, after_cancel.etag}) == 3


def test_statements_do_not_grow_with_visits_and_chains(
    world: World, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for days in range(4):
        visit = world.visit(START + days * DAY)
        lifecycle.rebook(visit, starts_at=START + days * DAY + HOUR, actor=ADMIN, now=NOW)

    with django_assert_num_queries(2):  # the feed with doctor, user and organisation; the visits
        assert len(world.events()) == 4


def test_another_address_ends_the_one_before_and_revoking_ends_both(world: World) -> None:
    tokens = [token_of(world.feed, world.doctor)]
    renewed = calendar_feed.issue(world.doctor, actor=DOCTOR, now=NOW)
    tokens.append(token_of(renewed, world.doctor))
    assert [calendar_feed.find(token) for token in tokens] == [None, renewed]

    assert calendar_feed.revoke(world.doctor, actor=DOCTOR, now=NOW)
    assert not calendar_feed.revoke(world.doctor, actor=DOCTOR, now=NOW)

    assert [calendar_feed.find(token) for token in tokens] == [None, None]
    assert [entry.action for entry in AuditEntry.objects.order_by("id")] == [
        "calendar_feed.created",
        "calendar_feed.renewed",
        "calendar_feed.revoked",
    ]


def test_the_address_is_the_same_each_time_it_is_shown_and_after_keys_rotate(
    world: World, settings: Settings
) -> None:
    token = token_of(world.feed, world.doctor)
    assert token_of(CalendarFeed.objects.get(), world.doctor) == token

    settings.ENCRYPTION_KEYS = [
        "new:" + "bmV3LWtleS10aGF0LWlzLXRoaXJ0eS10d28tYnl0ZXM=",
        *settings.ENCRYPTION_KEYS,
    ]
    assert calendar_feed.find(token) is not None


def _deactivate_doctor(world: World) -> None:
    Doctor.objects.filter(pk=world.doctor.pk).update(is_active=False)


def _deactivate_user(world: World) -> None:
    User.objects.filter(doctor_profiles=world.doctor).update(is_active=False)


def _deactivate_organisation(world: World) -> None:
    Organisation.objects.filter(pk=world.organisation.pk).update(is_active=False)


def _take_user_away(world: World) -> None:
    Doctor.objects.filter(pk=world.doctor.pk).update(user=None)


def _give_to_another_user(world: World) -> None:
    Doctor.objects.filter(pk=world.doctor.pk).update(user=make_user())


@pytest.mark.parametrize(
    "act",
    [
        _deactivate_doctor,
        _deactivate_user,
        _deactivate_organisation,
        _take_user_away,
        _give_to_another_user,
    ],
)
def test_the_address_is_dead_with_whom_it_was_given_to(
    world: World, act: Callable[[World], None]
) -> None:
    token = token_of(world.feed, world.doctor)
    assert calendar_feed.find(token) is not None

    act(world)

    assert calendar_feed.find(token) is None


def test_a_token_of_anything_else_finds_nothing(world: World) -> None:
    other = calendar_feed.issue(world.new_doctor("Dr Lee"), actor=DOCTOR, now=NOW)
    uid, _, sealed = token_of(world.feed, world.doctor).partition(".")
    wrong = [
        "",
        uid,
        f"{uid}.",
        f"{uid}.{sealed[:-1]}",
        f"{uid}.{sealed}x",
        f"{uid}.{sealed}\n",
        f"{other.uid}.{sealed}",
        f"{uid}.{mac('appointment-join-link', uid, world.feed.nonce)}",
        f"cal-\0.{sealed}",
        "cal-" + "a" * 9_000,
    ]

    assert [token for token in wrong if calendar_feed.find(token)] == []


def test_a_hold_enters_when_it_is_confirmed(world: World) -> None:
    held = lifecycle.hold(
        patient=make_patient(shop=world.shop),
        appointment_type=world.kind,
        starts_at=START,
        actor=PARTNER,
        now=NOW,
    )
    assert world.events() == []

    lifecycle.confirm(held, actor=PARTNER, now=NOW)

    assert len(world.events()) == 1
