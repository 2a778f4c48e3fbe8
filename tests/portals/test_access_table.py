"""Every URL × method × caller, from the resolver against `access_table`: a route missing there fails."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings as configured
from django.db import connection
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from appointments import links
from common.clock import utc_now
from organisations.models import Membership, Organisation, User
from portals.clinic.access import Right
from tests.factories import make_doctor, make_member, make_organisation, make_user

from .access_table import ACCOUNTS, BOOK, CLINIC, DOCTOR, EVERYBODY, Page
from .callers import (
    CONFIRM,
    SIGN_IN,
    TYPED_NOTHING,
    Caller,
    expected,
    foreign_and_absent,
    read,
    steady,
    url_of,
    walk,
)
from .clinic.front_desk import prove_again
from .everything import Everything, absent, make_everything
from .routes import routes

pytestmark = [pytest.mark.fuzz, pytest.mark.django_db]
DOCTOR_PORTAL = "/doctor/"
# What looking at a page may write: the audit log (behaviour 39) and the session's own life (38).
MAY_BE_WRITTEN = re.compile(
    r'(INSERT INTO "organisations_auditentry"|(INSERT INTO|UPDATE|DELETE FROM) "django_session")'
)
WRITES = re.compile(r"\b(INSERT INTO|UPDATE|DELETE FROM|TRUNCATE)\b(?! OF\b)")


@pytest.fixture
def ours() -> Everything:
    return make_everything(utc_now())


@pytest.fixture
def theirs() -> Everything:
    return make_everything(utc_now())


def test_the_tables_name_exactly_the_routes_there_are() -> None:
    named = {route.name for route in routes() if route.surface not in ("staff", "v1")}

    assert named == {*CLINIC, *DOCTOR, *BOOK, *ACCOUNTS, *EVERYBODY}
    assert len(routes("v1")) > 10
    assert len(routes("staff")) > 50


def test_an_admin_gets_every_page_of_their_own(ours: Everything) -> None:
    admin = Caller(ours.admin.user)

    assert walk(admin, CLINIC, ours, lambda page, method: (expected(page, method), "")) == []


def test_operations_are_refused_settings_and_exports(ours: Everything) -> None:
    def want(page: Page, method: str) -> tuple[int, str]:
        is_theirs = page.right in (Right.VIEW, Right.ACT)
        return (expected(page, method) if is_theirs else 403), ""

    assert walk(Caller(ours.colleague.user), CLINIC, ours, want) == []


def test_nobody_and_a_disabled_user_are_sent_to_sign_in(ours: Everything) -> None:
    disabled = ours.admin.user
    disabled.is_active = False
    disabled.save()

    for caller in (Caller(), Caller(disabled)):
        assert walk(caller, CLINIC, ours, lambda page, method: (302, SIGN_IN)) == []


def test_a_doctor_without_a_membership_is_sent_to_their_own_portal(ours: Everything) -> None:
    user = make_user(name="Dr Jane Hill")
    make_doctor(organisation=ours.clinic.organisation, user=user)

    assert walk(Caller(user), CLINIC, ours, lambda page, method: (302, DOCTOR_PORTAL)) == []


def test_whose_membership_ended_or_whose_clinic_is_deactivated_is_refused(ours: Everything) -> None:
    former = make_member(organisation=ours.clinic.organisation, user=make_user())
    Membership.objects.filter(pk=former.pk).delete()
    closed = make_organisation(name="Closed Clinic")
    left_over = make_member(organisation=closed, user=make_user())
    Organisation.objects.filter(pk=closed.pk).update(is_active=False)

    for user in (former.user, left_over.user):
        assert walk(Caller(user), CLINIC, ours, lambda page, method: (403, "")) == []


def test_sensitive_acts_ask_for_the_password_again(ours: Everything) -> None:
    def want(page: Page, method: str) -> tuple[int, str]:
        return (302, CONFIRM) if page.is_fresh else (expected(page, method), "")

    assert walk(Caller(ours.admin.user, is_fresh=False), CLINIC, ours, want) == []


def test_a_foreign_uid_and_an_absent_one_are_the_same_404(
    ours: Everything, theirs: Everything
) -> None:
    wrong, seen = foreign_and_absent(Caller(ours.admin.user), CLINIC, ours, theirs)

    assert wrong == []
    assert seen > 90


@pytest.mark.parametrize(
    ("name", "field", "thing"),
    [
        ("appointments", "doctor", "doctor"),
        ("appointments", "type", "kind"),
        ("appointments", "patient", "patient"),
        ("appointments-export", "patient", "patient"),
        ("appointments-cancel", "uid", "booked"),
        ("audit", "uid", "patient"),
        ("day", "doctor", "doctor"),
    ],
)
def test_a_foreign_uid_in_a_query_finds_as_little_as_an_absent_one(
    ours: Everything, theirs: Everything, name: str, field: str, thing: str
) -> None:
    found: Any = getattr(theirs, thing, None) or getattr(theirs.clinic, thing)
    admin, address = Caller(ours.admin.user), reverse(f"clinic:{name}")
    bodies = []
    for uid in (found.uid, absent(found.uid)):
        answer = admin.ask("GET", f"{address}?{field}={uid}")
        content = b"" if answer.streaming else steady(answer)[0]
        bodies.append((answer.status_code, content.replace(uid.encode(), b"UID")))

    assert bodies[0] == bodies[1]


def test_looking_writes_nothing_but_the_audit_log_and_the_session(ours: Everything) -> None:
    written: list[str] = []
    admin = Client()
    admin.force_login(ours.admin.user)
    prove_again(admin)

    def watch(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if WRITES.search(sql) and not MAY_BE_WRITTEN.search(sql):
            written.append(sql)
        return execute(sql, *rest)

    with connection.execute_wrapper(watch):
        for route in routes("admin"):
            read(admin.get(url_of(route, ours)))
            assert written == [], route.name
        for path in public_paths(ours).values():
            Client().get(path)
            assert written == [], path
        admin.post(reverse("clinic:doctor-stop", args=[ours.clinic.doctor.uid]), {"reason": "Ill"})

    assert written  # the watch sees a write when there is one


def test_the_accounts_let_nobody_into_what_is_ones_own(ours: Everything) -> None:
    callers = (Caller(), Caller(ours.admin.user))
    wrong = []
    for route in routes("accounts"):
        url = reverse(route.name, kwargs=dict.fromkeys(route.parameters, "abc"))
        for caller, wanted in zip(callers, ACCOUNTS[route.name], strict=True):
            statuses = tuple(caller.status(method, url)[0] for method in ("GET", "POST"))
            if statuses != wanted:
                wrong.append(f"{route.name} {caller.user}: {statuses}, not {wanted}")

    assert wrong == []


def public_paths(things: Everything) -> dict[str, str]:
    """The routes of EVERYBODY as they are called, by name."""
    by_token = {
        "booking:join": links.join_url(things.booked),
        "booking:room": f"{links.join_url(things.booked)}/room",
        "booking:visit": links.manage_url(things.booked),
        "booking:calendar": f"{links.manage_url(things.booked)}/appointment.ics",
        "booking:cancel": f"{links.manage_url(things.booked)}/cancel",
        "booking:move": f"{links.manage_url(things.booked)}/move",
        "booking:move-zone": f"{links.manage_url(things.booked)}/move/zone",
        "booking:reminders": f"{links.manage_url(things.booked)}/reminders",
        "doctor-feed": things.feed_path,
        "hook-twilio": f"/hooks/twilio/{things.mail.uid}",
    }
    return {
        name: by_token[name].removeprefix(configured.BASE_URL)
        if name in by_token
        else reverse(name)
        for name in EVERYBODY
    }


def test_public_pages_answer_everybody_alike(ours: Everything, theirs: Everything) -> None:
    callers = [Caller(), Caller(ours.admin.user), Caller(theirs.admin.user)]
    for name, path in public_paths(ours).items():
        for method, wanted in zip(("GET", "POST"), EVERYBODY[name], strict=True):
            answers = [caller.ask(method, path, _typed(method)) for caller in callers]

            assert {answer.status_code for answer in answers} == {wanted}, (name, method)
            if name not in ("landing", "metrics"):  # it links to one's own portal; they count on
                assert len({steady(answer)[0] for answer in answers}) == 1, name


def test_a_link_of_nothing_is_404_to_everybody(ours: Everything) -> None:
    by_link = [route for route in routes() if route.surface in ("join", "visit")]
    assert len(by_link) > 7
    for route in by_link:
        url = reverse(route.name, kwargs={"token": "mtg-nothing.abc"})
        for method in ("GET", "POST"):
            assert Caller().status(method, url)[0] == 404
            assert Caller(ours.admin.user).status(method, url)[0] == 404


def test_the_api_takes_no_notice_of_a_session(ours: Everything, settings: Settings) -> None:
    """What an admin's browser gets from it is what nobody gets."""
    settings.RATE_LIMIT = "off"  # both have the same address
    nobody, admin, refused = Caller(), Caller(ours.admin.user), set()
    for route in routes("v1"):
        path = "/" + re.sub(r"<[^>]*>", ours.booked.uid, route.pattern)
        for method in ("GET", "POST"):
            answers = [caller.ask(method, path) for caller in (nobody, admin)]

            assert answers[0].status_code == answers[1].status_code, (method, path)
            assert answers[0].content == answers[1].content, (method, path)
            assert not answers[1].cookies, (method, path)
            if answers[1].status_code == 401:
                refused.add(route.name)

    named = ("hold", "appointments", "appointment", "confirm", "cancel", "rebook", "rebook_slots")
    assert refused >= {f"scheduling-api:{name}" for name in (*named, "booking_launch_code")}


def _typed(method: str) -> dict[str, str] | None:
    return TYPED_NOTHING if method == "POST" else None


def test_only_the_rxscale_team_sees_its_pages(ours: Everything) -> None:
    """Django asks for is_staff before it looks at anything; the way in and out is everybody's."""
    staff = Caller(User.objects.create_superuser("sam@rxscale.example", "staff", name="Sam Staff"))
    doctor = make_user(name="Dr Jane Hill")
    make_doctor(organisation=ours.clinic.organisation, user=doctor)
    outsiders = [Caller(), Caller(ours.admin.user), Caller(doctor)]
    let_in, wrong = 0, []
    for route in routes("staff"):
        path = "/" + re.sub(r"<[^>]*>|\^?\(\?P.*", "999999", route.pattern).rstrip("$")
        for method in ("GET", "POST"):
            statuses = [caller.status(method, path)[0] for caller in outsiders]
            own = staff.status(method, path)[0]
            let_in += own == 200
            wrong += [
                f"{method} {path}: {status}" for status in statuses if status not in (302, 403)
            ]
            wrong += [f"{method} {path}: {own}"] if own >= 500 else []

    assert wrong == []
    assert let_in > 40
