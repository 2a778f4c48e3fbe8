"""How long a session lives: the rule with its borders, and the middleware around it (behaviour 38)."""

from collections.abc import Iterable
from datetime import datetime, timedelta

import pytest
from django.contrib.messages import get_messages
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import Settings

from appointments.status import Status
from common.clock import from_epoch, utc_now
from organisations.models import User
from portals.accounts import sessions
from portals.accounts.sessions import SEEN_AT, SIGNED_IN_AT, End, Life, Span
from tests.factories import (
    NOW,
    make_appointment,
    make_doctor,
    make_member,
    make_organisation,
    make_patient,
    make_shop,
    make_type,
    make_user,
)

from .people import audited

MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)
PAGE = "mfa_index"


def _end(now: datetime, *visits: Span, seen_at: datetime = NOW) -> End | None:
    def between(since: datetime, until: datetime) -> Iterable[Span]:
        return visits

    return Life(signed_in_at=NOW, seen_at=seen_at).end(now, between)


class TestTheRule:
    @pytest.mark.parametrize(
        ("after", "expected"),
        [
            (timedelta(0), None),
            (30 * MINUTE - SECOND, None),
            (30 * MINUTE, End.IDLE),
            (31 * MINUTE, End.IDLE),
        ],
    )
    def test_half_an_hour_without_a_request_ends_it(
        self, after: timedelta, expected: End | None
    ) -> None:
        assert _end(NOW + after) == expected

    @pytest.mark.parametrize(
        ("after", "expected"),
        [(720 * MINUTE - SECOND, None), (720 * MINUTE, End.LONGEST), (800 * MINUTE, End.LONGEST)],
    )
    def test_twelve_hours_end_it_however_busy(self, after: timedelta, expected: End | None) -> None:
        assert _end(NOW + after, seen_at=NOW + after - SECOND) == expected

    def test_both_are_settings(self, settings: Settings) -> None:
        settings.SESSION_IDLE, settings.SESSION_LONGEST = 5 * MINUTE, 9 * MINUTE

        assert _end(NOW + 5 * MINUTE) == End.IDLE
        assert _end(NOW + 9 * MINUTE, seen_at=NOW + 8 * MINUTE) == End.LONGEST

    def test_it_does_not_idle_out_while_a_visit_may_be_joined(self) -> None:
        visit = (NOW + 10 * MINUTE, NOW + 100 * MINUTE)

        assert _end(NOW + 100 * MINUTE - SECOND, visit) is None
        assert _end(NOW + 100 * MINUTE, visit) == End.IDLE

    def test_visits_one_after_the_other_carry_it(self) -> None:
        first = (NOW + 30 * MINUTE, NOW + 60 * MINUTE)
        second = (NOW + 60 * MINUTE, NOW + 90 * MINUTE)

        assert _end(NOW + 89 * MINUTE, first, second) is None

    def test_a_visit_does_not_bring_back_what_had_idled_out_before(self) -> None:
        visit = (NOW + 30 * MINUTE + SECOND, NOW + 100 * MINUTE)

        assert _end(NOW + 60 * MINUTE, visit) == End.IDLE

    def test_a_visit_does_not_stretch_the_twelve_hours(self) -> None:
        visit = (NOW, NOW + 800 * MINUTE)

        assert _end(NOW + 720 * MINUTE, visit) == End.LONGEST


@pytest.mark.django_db
class TestTheVisitsOfADoctor:
    @pytest.fixture
    def jane(self) -> User:
        return make_user(name="Jane Hill")

    def _visit(self, user: User, starts_at: datetime, status: Status = Status.CONFIRMED) -> None:
        clinic = make_organisation()
        doctor = make_doctor(organisation=clinic, user=user)
        kind = make_type(organisation=clinic, doctors=[doctor])
        patient = make_patient(shop=make_shop(organisation=clinic))
        make_appointment(
            patient=patient,
            doctor=doctor,
            appointment_type=kind,
            starts_at=starts_at,
            status=status,
        )

    @pytest.mark.parametrize(
        ("status", "counts"),
        [
            (Status.CONFIRMED, True),
            (Status.COMPLETED, True),
            (Status.NO_SHOW, True),
            (Status.HELD, False),
            (Status.CANCELLED, False),
        ],
    )
    def test_those_that_may_be_joined_count(self, jane: User, status: Status, counts: bool) -> None:
        self._visit(jane, NOW, status)

        spans = list(sessions.visits_of(jane)(NOW, NOW + MINUTE))

        # Half an hour; the room opens 10 minutes before and closes 60 after.
        assert spans == ([(NOW - 10 * MINUTE, NOW + 90 * MINUTE)] if counts else [])

    def test_somebody_elses_do_not(self, jane: User) -> None:
        self._visit(make_user(name="Other"), NOW)

        assert list(sessions.visits_of(jane)(NOW, NOW + MINUTE)) == []

    @pytest.mark.parametrize(
        ("since", "until", "is_found"),
        [
            (-20 * MINUTE, -10 * MINUTE, True),
            (-20 * MINUTE, -10 * MINUTE - SECOND, False),
            (90 * MINUTE - SECOND, 95 * MINUTE, True),
            (90 * MINUTE, 95 * MINUTE, False),
        ],
    )
    def test_the_borders_of_the_span(
        self, jane: User, since: timedelta, until: timedelta, is_found: bool
    ) -> None:
        self._visit(jane, NOW)

        assert bool(list(sessions.visits_of(jane)(NOW + since, NOW + until))) is is_found


@pytest.mark.django_db
class TestTheMiddleware:
    @pytest.fixture
    def ada(self) -> User:
        return make_member(organisation=make_organisation()).user

    @pytest.fixture
    def browser(self, client: Client, ada: User) -> Client:
        client.force_login(ada)
        return client

    def _age(self, client: Client, *, signed_in: timedelta, seen: timedelta) -> None:
        now = int(utc_now().timestamp())
        session = client.session
        session[SIGNED_IN_AT] = now - int(signed_in.total_seconds())
        session[SEEN_AT] = now - int(seen.total_seconds())
        session.save()

    def _seen_ago(self, client: Client) -> float:
        return (utc_now() - from_epoch(client.session[SEEN_AT])).total_seconds()

    def test_a_request_keeps_the_session_alive(self, browser: Client) -> None:
        self._age(browser, signed_in=60 * MINUTE, seen=29 * MINUTE)

        assert browser.get(reverse(PAGE)).status_code == 200
        assert self._seen_ago(browser) < 5

    @pytest.mark.parametrize("by", ["header"])
    def test_polling_does_not(self, browser: Client, by: str) -> None:
        self._age(browser, signed_in=60 * MINUTE, seen=29 * MINUTE)

        assert browser.get(reverse(PAGE), HTTP_X_POLLING="1").status_code == 200
        assert self._seen_ago(browser) > 28 * 60

    def test_nothing_is_written_within_a_minute(self, browser: Client) -> None:
        with CaptureQueriesContext(connection) as queries:
            browser.get(reverse(PAGE))

        assert [query["sql"] for query in queries if "UPDATE" in query["sql"]] == []

    @pytest.mark.parametrize(
        ("signed_in", "seen", "why"),
        [(60 * MINUTE, 30 * MINUTE, "idle"), (720 * MINUTE, MINUTE, "longest")],
    )
    def test_what_is_over_leads_to_signing_in_and_says_why(
        self, browser: Client, ada: User, signed_in: timedelta, seen: timedelta, why: str
    ) -> None:
        self._age(browser, signed_in=signed_in, seen=seen)

        response = browser.get(reverse(PAGE))

        assert response["Location"] == "/accounts/login/?next=/accounts/second-factor/"
        assert len(list(get_messages(response.wsgi_request))) == 1
        organisation = ada.memberships.get().organisation
        assert audited(organisation) == [("account.signed_out", why)]
        assert Session.objects.count() == 0

    def test_htmx_is_led_there_with_a_header(self, browser: Client) -> None:
        self._age(browser, signed_in=60 * MINUTE, seen=40 * MINUTE)

        response = browser.get(
            reverse(PAGE),
            HTTP_HX_REQUEST="true",
            HTTP_HX_CURRENT_URL="http://testserver/admin/patients/",
        )

        assert response["HX-Redirect"] == "/accounts/login/?next=/admin/patients/"

    def test_a_session_without_stamps_is_over(self, browser: Client) -> None:
        session = browser.session
        del session[SIGNED_IN_AT]
        session.save()

        assert browser.get(reverse(PAGE)).status_code == 302

    def test_a_doctor_in_a_visit_stays(self, client: Client) -> None:
        jane = make_user(name="Jane Hill")
        clinic = make_organisation()
        doctor = make_doctor(organisation=clinic, user=jane)
        make_appointment(
            patient=make_patient(shop=make_shop(organisation=clinic)),
            doctor=doctor,
            appointment_type=make_type(organisation=clinic, doctors=[doctor]),
            starts_at=utc_now() - 20 * MINUTE,
        )
        client.force_login(jane)
        self._age(client, signed_in=60 * MINUTE, seen=45 * MINUTE)

        assert client.get(reverse(PAGE)).status_code == 200

    def test_without_a_session_nothing_is_asked_and_nothing_varies(self, client: Client) -> None:
        with CaptureQueriesContext(connection) as queries:
            response = client.get("/healthz")

        assert len(queries) == 0
        assert "Cookie" not in response.get("Vary", "")

    @pytest.mark.parametrize(
        "path", ["/v1/scheduling/appointment-types", "/healthz", "/hooks/none"]
    )
    def test_what_is_for_programs_leaves_the_session_alone(
        self, browser: Client, path: str
    ) -> None:
        with CaptureQueriesContext(connection) as queries:
            response = browser.get(path)

        assert [query["sql"] for query in queries if "django_session" in query["sql"]] == []
        assert "Cookie" not in response.get("Vary", "")
