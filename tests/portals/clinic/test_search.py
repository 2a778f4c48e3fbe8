"""The header's search: what finds whom, in one organisation only, audited and never in a URL or log."""

import logging

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from organisations.models import AuditEntry, Patient
from portals.clinic.access import ACCESS_QUERIES
from portals.clinic.layout import LAYOUT_QUERIES
from portals.clinic.search.queries import MOST, find, matching, pieces
from tests.factories import make_organisation, make_patient, make_shop

from .front_desk import FrontDesk, url, words

SEARCH_QUERIES = ACCESS_QUERIES + LAYOUT_QUERIES + 1 + 1  # who is found, the audit entry


@pytest.mark.parametrize(
    "text",
    [
        "Jürgen",
        "jürgen",
        "JÜRGEN MÜLL",
        "müll jür",
        "ürge",
        "juergen@post.example",
        "post.exa",
        "gen@post",
        "+4915123456789",
        "0151 2345 6789",
        "+49 (0)151 23456789",
        "0049 151/23456789",
        "23456789",
        "  Jürgen  ",
    ],
)
def test_a_piece_of_name_address_or_number_finds_the_patient(desk: FrontDesk, text: str) -> None:
    wanted = make_patient(
        shop=desk.clinic.shop,
        first_name="Jürgen",
        last_name="Müller",
        email="juergen@post.example",
        phone="+4915123456789",
    )
    make_patient(shop=desk.clinic.shop, first_name="Otto", phone="+4915198765432")

    assert find(desk.clinic.organisation, text).patients == [wanted]


@pytest.mark.parametrize("text", ["%%%", "___", "\\\\\\", "'; --", "100%_x", "\0\0\0abc%"])
def test_what_means_something_to_sql_means_itself(desk: FrontDesk, text: str) -> None:
    make_patient(shop=desk.clinic.shop)

    assert find(desk.clinic.organisation, text).count == 0


@pytest.mark.parametrize("text", ["a", "ab", "a b", "é", "0", "000000", "++"])
def test_what_is_too_short_asks_nothing(
    desk: FrontDesk, text: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        found = find(desk.clinic.organisation, text)

    assert found.is_too_short
    assert "That is too short" in words(_search(desk.admin, text))


def test_a_number_is_one_piece() -> None:
    assert pieces("0151 234-567") == ["151234567"]
    assert pieces("Paula 0151") == ["paula", "0151"]


def test_a_uid_leads_straight_to_its_page(desk: FrontDesk) -> None:
    visit = desk.clinic.book()

    to_patient = _search(desk.admin, f" {visit.patient.uid.upper()} ")
    to_visit = _search(desk.admin, visit.uid)

    assert to_patient.headers["Location"] == url("patient", visit.patient.uid)
    assert to_visit.headers["Location"] == url("appointment", visit.uid)


def test_another_organisations_people_are_not_found(desk: FrontDesk) -> None:
    shop = make_shop(organisation=make_organisation(name="Southside Clinic"))
    foreign = make_patient(shop=shop, first_name="Fremde")

    for text in ("Fremde", foreign.email, foreign.uid):
        assert "Nothing found" in words(_search(desk.admin, text))


def test_the_first_are_listed_by_name_and_the_page_says_that_there_are_more(
    desk: FrontDesk,
) -> None:
    for number in range(MOST + 1):
        make_patient(shop=desk.clinic.shop, first_name=f"Anna{number:02}")

    found = find(desk.clinic.organisation, "anna")
    text = words(_search(desk.admin, "anna"))

    assert len(found.patients) == MOST
    assert [row.first_name for row in found.patients] == sorted(
        row.first_name for row in found.patients
    )
    assert f"The first {MOST} patients. Type more to narrow it down." in text


def test_searching_is_audited_without_the_term(desk: FrontDesk) -> None:
    make_patient(shop=desk.clinic.shop, first_name="Kanarienvogel")

    _search(desk.operations, "Kanarienvogel")

    entry = AuditEntry.objects.get(action="patients.searched")
    assert (entry.actor_label, entry.details) == ("Olga Operations", {"found": 1})
    assert "anarien" not in str(list(AuditEntry.objects.values())).lower()


def test_the_term_is_in_no_url_and_no_log(
    desk: FrontDesk, caplog: pytest.LogCaptureFixture
) -> None:
    make_patient(shop=desk.clinic.shop, first_name="Kanarienvogel")
    with caplog.at_level(logging.INFO):
        answer = _search(desk.admin, "Kanarienvogel")

    assert "Kanarienvogel" in words(answer)
    assert "anarien" not in caplog.text.lower()
    links = [piece for piece in answer.content.decode().split('"') if piece.startswith(("/", "?"))]
    assert not [link for link in links if "anarien" in link.lower()]


def test_a_search_in_the_url_is_not_a_search(desk: FrontDesk) -> None:
    make_patient(shop=desk.clinic.shop)

    assert "Whom are you looking for?" in words(desk.admin.get(url("search") + "?text=Paula"))
    assert not AuditEntry.objects.exists()


def test_htmx_gets_the_results_alone(desk: FrontDesk) -> None:
    make_patient(shop=desk.clinic.shop)

    answer = desk.admin.post(url("search"), {"text": "Paula"}, headers={"HX-Request": "true"})

    assert "<html" not in answer.content.decode()
    assert "Paula Patient" in words(answer)


def test_it_costs_the_same_with_one_found_and_with_three(
    desk: FrontDesk, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    make_patient(shop=desk.clinic.shop)
    with django_assert_num_queries(SEARCH_QUERIES):
        _search(desk.admin, "Paula")
    make_patient(shop=desk.clinic.shop)
    make_patient(shop=desk.clinic.shop)
    with django_assert_num_queries(SEARCH_QUERIES):
        _search(desk.admin, "Paula")


def test_among_many_patients_the_trigram_index_finds_them(desk: FrontDesk) -> None:
    shop = desk.clinic.shop
    Patient.objects.bulk_create(
        Patient(
            organisation=shop.organisation,
            shop=shop,
            shop_customer_id=f"many-{number}",
            first_name=f"Name{number * 7919:x}",
            email=f"{number * 104729:x}@patients.example",
        )
        for number in range(4_000)
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT gin_clean_pending_list('patient_by_text')")  # as autovacuum does
        cursor.execute("ANALYZE organisations_patient")

    assert "patient_by_text" in matching(shop.organisation, ["name1eef"]).explain()


def _search(client: Client, text: str) -> HttpResponse:
    answer = client.post(url("search"), {"text": text})
    assert isinstance(answer, HttpResponse)
    return answer
