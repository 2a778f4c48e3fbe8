"""Who gets in: each role and right, expired and deactivated people, several organisations."""

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from organisations.models import Doctor, Membership, Organisation, User
from portals.clinic.access import ACCESS_QUERIES, Right
from tests import factories
from tests.portals.browsers import sign_in

pytestmark = [pytest.mark.urls("tests.portals.clinic.gallery_urls"), pytest.mark.django_db]
BARE = "/test/bare/"
HTMX = {"HX-Request": "true", "HX-Current-URL": "http://testserver/test/gallery/?tab=held"}


def test_an_admin_holds_every_right(admin: Client) -> None:
    assert [admin.get(f"/test/{right}/").status_code for right in Right] == [200] * 4


def test_operations_views_and_acts_and_is_told_who_may_do_the_rest(operations: Client) -> None:
    answers = {right: operations.get(f"/test/{right}/") for right in Right}

    assert {right: answer.status_code for right, answer in answers.items()} == {
        Right.VIEW: 200,
        Right.ACT: 200,
        Right.SETTINGS: 403,
        Right.EXPORT: 403,
    }
    text = answers[Right.SETTINGS].content.decode()
    assert "for the role <strong>Admin</strong>" in text
    assert "is <strong>Operations</strong>" in text


def test_nobody_is_sent_to_sign_in_and_back(db: None) -> None:
    answer = Client().get("/test/bare/?tab=held")

    assert answer.status_code == 302
    assert answer.headers["Location"].endswith("?next=/test/bare/%3Ftab%3Dheld")


def test_htmx_is_redirected_as_a_whole_to_come_back_to_the_page_it_was_on(db: None) -> None:
    answer = Client().get(BARE, headers=HTMX)

    assert answer.status_code == 200
    assert answer.headers["HX-Redirect"].endswith("?next=/test/gallery/%3Ftab%3Dheld")


def test_a_form_posted_after_the_login_ran_out_comes_back_to_its_page_with_what_was_typed(
    db: None,
) -> None:
    answer = Client().post(BARE, headers={"Referer": "http://testserver/test/gallery/"})

    assert answer.headers["Location"].endswith("?next=/test/gallery/%23resume")


def test_the_way_back_never_leads_elsewhere(db: None) -> None:
    answer = Client().post(BARE, headers={"Referer": "https://evil.example/"})

    assert answer.headers["Location"].endswith("?next=/test/bare/")


def test_who_only_treats_is_sent_where_they_belong(doctor_only: Client) -> None:
    assert doctor_only.get(BARE).headers["Location"] == "/doctor/"


def test_who_belongs_nowhere_is_refused(db: None) -> None:
    answer = sign_in(factories.make_user()).get(BARE)

    assert answer.status_code == 403
    assert "belongs to none" in answer.content.decode()


@pytest.mark.parametrize("what", ["user", "organisation", "membership"])
def test_who_is_deactivated_is_out_with_the_next_request(
    admin: Client, admin_member: Membership, what: str
) -> None:
    assert admin.get(BARE).status_code == 200

    if what == "user":
        User.objects.update(is_active=False)
    elif what == "organisation":
        Organisation.objects.update(is_active=False)
    else:
        admin_member.delete()

    assert admin.get(BARE).status_code == (302 if what == "user" else 403)


def test_letting_somebody_in_costs_a_constant_number_of_queries(
    admin: Client, admin_member: Membership, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    admin.get(BARE)
    with django_assert_num_queries(ACCESS_QUERIES):
        admin.get(BARE)
    for name in ("Another", "And another"):
        organisation = factories.make_organisation(name=name)
        factories.make_member(organisation=organisation, user=admin_member.user)
    with django_assert_num_queries(ACCESS_QUERIES):
        admin.get(BARE)


def test_one_switches_between_ones_organisations_and_into_no_other(
    admin: Client, admin_member: Membership, stranger: Client
) -> None:
    second = factories.make_organisation(name="Zealand Clinic")
    factories.make_member(organisation=second, user=admin_member.user)
    foreign = Organisation.objects.get(name="Southside Clinic")
    assert admin.get(BARE).content.decode() == admin_member.organisation.uid

    refused = admin.post("/admin/organisation/", {"organisation": foreign.uid})
    absent = admin.post("/admin/organisation/", {"organisation": "org-nowhere"})
    assert (refused.status_code, refused.content) == (404, absent.content)
    assert admin.get(BARE).content.decode() == admin_member.organisation.uid

    assert admin.post("/admin/organisation/", {"organisation": second.uid}).status_code == 302
    assert admin.get(BARE).content.decode() == second.uid


def test_the_page_is_neither_kept_nor_framed_and_varies_by_htmx(admin: Client) -> None:
    headers = admin.get(BARE).headers

    assert headers["Cache-Control"] == "no-store"
    assert "script-src 'self'" in headers["Content-Security-Policy"]
    assert "HX-Request" in headers["Vary"]


def test_a_doctor_with_a_membership_sees_the_way_to_the_doctor_portal(
    admin: Client, admin_member: Membership
) -> None:
    assert 'href="/doctor/"' not in admin.get("/test/gallery/").content.decode()
    Doctor.objects.create(
        organisation=admin_member.organisation,
        user=admin_member.user,
        display_name="Dr Ada",
        timezone="Europe/Berlin",
    )
    assert 'href="/doctor/"' in admin.get("/test/gallery/").content.decode()
