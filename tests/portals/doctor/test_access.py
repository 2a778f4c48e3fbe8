"""Who gets into the doctor portal: doctors with a login, in one or several organisations, until deactivated."""

import re

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from organisations.models import Doctor, Organisation, User
from portals.doctor.access import ACCESS_QUERIES
from tests.factories import make_doctor, make_member, make_organisation, make_user
from tests.portals.browsers import sign_in

from .surgery import Surgery, log_in, open_surgery, url

pytestmark = pytest.mark.django_db


def heading_of(client: Client) -> str:
    """The organisation's name in the frame."""
    answer = client.get(url("today"))
    assert answer.status_code == 200
    layout = answer.context["request"].layout
    assert f"<span>{layout.organisation.name}</span>" in answer.content.decode()
    return str(layout.organisation.name)


def test_a_doctor_sees_their_organisation_and_zone(surgery: Surgery) -> None:
    Doctor.objects.filter(pk=surgery.doctor.pk).update(timezone="America/New_York")

    text = surgery.jane.get(url("today")).content.decode()

    assert "Times in America/New_York" in text
    assert f"Doctor at {surgery.clinic.organisation.name}" in text


def test_nobody_is_sent_to_sign_in_and_back(db: None) -> None:
    answer = Client().get("/doctor/?day=tomorrow")

    assert answer.status_code == 302
    assert answer.headers["Location"].endswith("?next=/doctor/%3Fday%3Dtomorrow")


def test_an_admin_who_treats_nobody_is_told_so_and_led_back(surgery: Surgery) -> None:
    admin = sign_in(make_member(organisation=surgery.clinic.organisation).user)

    answer = admin.get(url("today"))

    assert answer.status_code == 403
    assert "not linked to an active doctor" in answer.content.decode()
    assert 'href="/admin/"' in answer.content.decode()


@pytest.mark.parametrize("what", ["user", "organisation", "doctor"])
def test_who_is_deactivated_is_out_with_the_next_request(surgery: Surgery, what: str) -> None:
    assert surgery.jane.get(url("today")).status_code == 200

    model = {"user": User, "organisation": Organisation, "doctor": Doctor}[what]
    model._default_manager.update(is_active=False)

    assert surgery.jane.get(url("today")).status_code == (302 if what == "user" else 403)


def test_a_doctor_of_several_organisations_switches_between_them_and_into_no_other(
    surgery: Surgery,
) -> None:
    second = make_organisation(name="Zealand Clinic")
    make_doctor(organisation=second, user=surgery.doctor.user)
    foreign = make_organisation(name="Southside Clinic")
    log_in(make_doctor(organisation=foreign))
    assert heading_of(surgery.jane) == surgery.clinic.organisation.name

    switch = url("switch-organisation")
    refused = surgery.jane.post(switch, {"organisation": foreign.uid})
    absent = surgery.jane.post(switch, {"organisation": "org-nowhere"})
    assert (refused.status_code, refused.content) == (404, absent.content)
    assert heading_of(surgery.jane) == surgery.clinic.organisation.name

    assert surgery.jane.post(switch, {"organisation": second.uid}).status_code == 302
    assert heading_of(surgery.jane) == "Zealand Clinic"


def test_whose_profile_ends_in_the_chosen_organisation_goes_on_in_the_other(
    surgery: Surgery,
) -> None:
    second = make_organisation(name="Zealand Clinic")
    other = make_doctor(organisation=second, user=surgery.doctor.user)
    surgery.jane.post(url("switch-organisation"), {"organisation": second.uid})
    Doctor.objects.filter(pk=other.pk).update(is_active=False)

    assert heading_of(surgery.jane) == surgery.clinic.organisation.name


def test_letting_a_doctor_in_costs_the_same_with_one_organisation_and_with_three(
    surgery: Surgery, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    nothing_more = url("switch-organisation")  # which answers only a POST
    with django_assert_num_queries(ACCESS_QUERIES):
        assert surgery.jane.get(nothing_more).status_code == 405
    for name in ("Another", "And another"):
        make_doctor(organisation=make_organisation(name=name), user=surgery.doctor.user)
    with django_assert_num_queries(ACCESS_QUERIES):
        surgery.jane.get(nothing_more)


def test_the_page_is_neither_kept_nor_framed_and_varies_by_htmx(surgery: Surgery) -> None:
    headers = surgery.jane.get(url("today")).headers

    assert headers["Cache-Control"] == "no-store"
    assert "script-src 'self'" in headers["Content-Security-Policy"]
    assert "HX-Request" in headers["Vary"]


def test_who_has_both_portals_sees_the_way_to_the_other(surgery: Surgery) -> None:
    assert 'href="/admin/"' not in surgery.jane.get(url("today")).content.decode()
    assert surgery.doctor.user is not None
    make_member(organisation=surgery.clinic.organisation, user=surgery.doctor.user)

    assert 'href="/admin/">Admin portal' in surgery.jane.get(url("today")).content.decode()


def test_a_user_without_any_portal_is_refused_without_a_way_on(db: None) -> None:
    answer = sign_in(make_user()).get(url("today"))

    assert answer.status_code == 403
    assert "To the" not in answer.content.decode()


def test_on_a_phone_the_rooms_are_in_reach_of_the_thumb_and_in_no_menu(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    page = open_surgery(monkeypatch).jane.get(url("today")).content.decode()
    bar = page.partition('<nav class="tab-bar')[2].partition("</nav>")[0]

    rooms = ("today", "appointments", "availability", "settings")
    assert re.findall(r'href="([^"]+)"', bar) == [url(room) for room in rooms]
    assert bar.count('aria-current="page"') == 1
    assert 'aria-label="Menu"' not in page
