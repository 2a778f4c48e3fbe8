"""Settings of a doctor: telephone, name, notices, and what protects the sign-in."""

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from organisations import doctors
from organisations.models import Doctor, DoctorNotice
from portals.doctor.access import ACCESS_QUERIES
from portals.layout import LAYOUT_QUERIES
from tests.factories import ADMIN, NOW, make_shop
from tests.portals.accounts.people import give_second_factor
from tests.portals.browsers import sign_in

from .surgery import Surgery, url

pytestmark = pytest.mark.django_db
# The country of the shop, the feed, how many visits lie ahead, the second factor.
QUERIES = ACCESS_QUERIES + LAYOUT_QUERIES + 4
ALL = set(DoctorNotice.values)


def post(client: Client, name: str, **fields: object) -> HttpResponse:
    answer = client.post(url(f"settings-{name}"), fields)
    assert isinstance(answer, HttpResponse)
    return answer


def shown(surgery: Surgery) -> str:
    return surgery.jane.get(url("settings")).content.decode()


def row() -> Doctor:
    return Doctor.objects.get()


def test_the_number_of_queries_is_constant(surgery: Surgery) -> None:
    for hours in range(3):
        surgery.clinic.book(NOW.replace(hour=12 + hours))
        make_shop(organisation=surgery.clinic.organisation)

    with CaptureQueriesContext(connection) as queries:
        text = shown(surgery)

    assert len(queries) == QUERIES
    assert "3 upcoming visits would keep their times" in text


def test_the_mobile_phone_number_is_saved_apart_from_the_prescription_phone(
    surgery: Surgery,
) -> None:
    doctors.change_contact(surgery.doctor, prescription_phone="+4930901820", actor=ADMIN, now=NOW)
    answer = post(surgery.jane, "mobile-phone", mobile_phone="+44 7400 123456")

    assert answer["Location"] == url("settings")
    assert (row().mobile_phone, row().prescription_phone) == ("+447400123456", "+4930901820")
    text = shown(surgery)
    assert "Mobile phone number saved." in text
    assert 'value="+447400123456"' in text
    assert "+4930901820" in text
    assert surgery.audited("doctor.contact_changed")[-1] == (
        surgery.doctor.display_name,
        surgery.doctor.uid,
    )


def test_the_example_is_one_of_the_clinics_country(surgery: Surgery) -> None:
    surgery.clinic.shop.country = "GB"
    surgery.clinic.shop.save()

    assert "such as +44 7" in shown(surgery)


def test_a_blank_number_takes_it_away(surgery: Surgery) -> None:
    post(surgery.jane, "mobile-phone", mobile_phone="+447400123456")
    post(surgery.jane, "mobile-phone", mobile_phone=" ")

    assert row().mobile_phone == ""


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("0151 23456789", "with its country code"),
        ("call me", "not a telephone number"),
        ("+1 202 555", "too short or too long"),
        ("+49 1", "not a telephone number"),
        ("a\0b", "Null characters"),
    ],
)
def test_a_number_that_cannot_be_used_stays_in_the_form_with_the_reason(
    surgery: Surgery, typed: str, said: str
) -> None:
    answer = post(surgery.jane, "mobile-phone", mobile_phone=typed)
    text = answer.content.decode()

    assert answer.status_code == 422
    assert said in text
    assert 'aria-invalid="true"' in text
    assert f'value="{typed}"' in text or "\0" in typed
    assert row().mobile_phone == ""
    assert surgery.audited("doctor.contact_changed") == []


def test_a_name_is_saved_and_a_blank_one_refused(surgery: Surgery) -> None:
    before = surgery.doctor.display_name
    refused = post(surgery.jane, "name", display_name="  ")
    assert refused.status_code == 422
    assert row().display_name == before

    post(surgery.jane, "name", display_name="Dr Jane  Moor")

    assert row().display_name == "Dr Jane Moor"
    assert "Dr Jane Moor" in shown(surgery)


def test_notices_are_chosen_and_shown_as_chosen(surgery: Surgery) -> None:
    wanted = [DoctorNotice.CANCELLED, DoctorNotice.REMINDER_SMS]
    post(surgery.jane, "notices", notices=[str(each) for each in wanted], chosen="yes")

    assert ALL - set(row().declined_notices) == set(wanted)
    assert shown(surgery).count("checked") == 2
    assert surgery.audited("doctor.notices_changed") == [
        (surgery.doctor.display_name, surgery.doctor.uid)
    ]


def test_every_notice_can_be_declined_but_not_by_a_form_nobody_filled_in(surgery: Surgery) -> None:
    assert post(surgery.jane, "notices").status_code == 422
    assert row().declined_notices == []

    post(surgery.jane, "notices", chosen="yes")

    assert set(row().declined_notices) == ALL


def test_a_notice_nobody_knows_is_refused_beside_the_boxes(surgery: Surgery) -> None:
    answer = post(surgery.jane, "notices", notices=["gossip"], chosen="yes")

    assert answer.status_code == 422
    assert "gossip is not one of the available choices" in answer.content.decode()


@pytest.mark.parametrize("name", ["mobile-phone", "name", "notices"])
def test_a_form_that_is_opened_by_its_address_is_on_the_page(surgery: Surgery, name: str) -> None:
    assert surgery.jane.get(url(f"settings-{name}"))["Location"] == url("settings")


def test_signing_out_everywhere_keeps_this_session(surgery: Surgery) -> None:
    assert surgery.doctor.user is not None
    elsewhere = sign_in(surgery.doctor.user)
    assert elsewhere.get(url("settings")).status_code == 200

    post(surgery.jane, "end-sessions")

    assert elsewhere.get(url("settings")).status_code == 302
    assert "signed out everywhere else" in shown(surgery)
    assert len(surgery.audited("account.sessions_ended")) == 1


def test_the_second_factor_is_offered_or_managed(surgery: Surgery, settings: Settings) -> None:
    assert "/accounts/second-factor/on/?next=/doctor/settings/" in shown(surgery)

    assert surgery.doctor.user is not None
    give_second_factor(surgery.doctor.user)

    text = shown(surgery)
    assert "/accounts/recovery-codes/?next=/doctor/settings/" in text
    assert "/accounts/second-factor/off/" in text


def test_the_pages_of_the_account_lead_back_here_once(surgery: Surgery) -> None:
    page = surgery.jane.get("/accounts/second-factor/?next=/doctor/settings/").content.decode()
    assert 'href="/accounts/no-portal/">Back' in page

    ways = [surgery.jane.get("/accounts/no-portal/")["Location"] for _ in range(2)]

    assert ways == ["/doctor/settings/", "/doctor/"]


def test_being_asked_for_the_password_in_between_does_not_change_the_way_back(
    surgery: Surgery,
) -> None:
    answer = surgery.jane.get("/accounts/second-factor/on/?next=/doctor/settings/", follow=True)
    assert answer.redirect_chain[-1][0].startswith("/accounts/confirm/?next=")

    assert surgery.jane.get("/accounts/no-portal/")["Location"] == "/doctor/settings/"


@pytest.mark.parametrize("page", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
def test_the_way_back_leads_nowhere_else(surgery: Surgery, page: str) -> None:
    surgery.jane.get("/accounts/second-factor/", {"next": page})

    assert surgery.jane.get("/accounts/no-portal/")["Location"] == "/doctor/"
