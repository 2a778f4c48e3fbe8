"""A shop's customer becomes one patient, kept up to date without losing what the patient typed."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Barrier
from unittest.mock import patch

import pytest
from django.db import connection
from pytest_django import DjangoAssertNumQueries

from organisations import patients
from organisations.errors import Invalid
from organisations.models import Patient, Shop
from organisations.patients import FieldWarning, UpsertedPatient
from tests.factories import NOW, make_organisation, make_patient, make_shop

PROFILE = (
    ("first_name", "Paula"),
    ("last_name", "Patient"),
    ("email", "Paula@patients.example"),
    ("phone", "030 901820"),
    ("date_of_birth", "1990-05-01"),
    ("timezone", "Europe/Berlin"),
    ("language", "de_AT"),
)


@pytest.fixture
def shop(db: None) -> Shop:
    return make_shop(organisation=make_organisation())


def upsert(shop: Shop, fields: Sequence[tuple[str, object]]) -> UpsertedPatient:
    return patients.upsert(shop, "customer-1", fields, now=NOW)


def test_the_first_call_creates_the_patient_with_normalised_fields(shop: Shop) -> None:
    result = upsert(shop, PROFILE)

    row = Patient.objects.get()
    assert (result.patient, result.is_new, result.warnings) == (row, True, [])
    assert (row.organisation, row.shop, row.shop_customer_id) == (
        shop.organisation,
        shop,
        "customer-1",
    )
    assert (row.display_name, row.email) == ("Paula Patient", "paula@patients.example")
    assert (row.phone, row.date_of_birth) == ("+4930901820", date(1990, 5, 1))
    assert (row.timezone, row.language) == ("Europe/Berlin", "de-AT")


def test_the_same_fields_again_cost_one_query_and_write_nothing(
    shop: Shop, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(2):
        first = upsert(shop, PROFILE)
    with django_assert_num_queries(1):
        again = upsert(shop, PROFILE)
        assert again.patient.shop.organisation == shop.organisation

    assert (again.patient, again.is_new) == (first.patient, False)


def test_a_changed_field_is_written_under_the_row_lock(
    shop: Shop, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    upsert(shop, PROFILE)

    with django_assert_num_queries(5) as queries:  # find, savepoint, lock, update, release
        upsert(shop, [("first_name", "Pauline")])

    assert "FOR NO KEY UPDATE" in queries.captured_queries[2]["sql"]
    row = Patient.objects.get()
    assert (row.first_name, row.last_name) == ("Pauline", "Patient")


def test_null_and_blank_change_nothing_and_warn_of_nothing(shop: Shop) -> None:
    upsert(shop, PROFILE)

    result = upsert(shop, [("first_name", None), ("last_name", ""), ("middle_name", None)])

    assert result.warnings == []
    assert Patient.objects.get().display_name == "Paula Patient"


def test_an_unusable_value_keeps_the_earlier_one_and_warns(shop: Shop) -> None:
    upsert(shop, PROFILE)

    result = upsert(shop, [("email", "not an address"), ("first_name", "Pauline")])

    assert result.warnings == [FieldWarning("email", "This is not an e-mail address.")]
    row = Patient.objects.get()
    assert (row.email, row.first_name) == ("paula@patients.example", "Pauline")


@pytest.mark.parametrize("value", ["a\0b", "\ud800", 10**30, {"a": ["\0"]}, True])
def test_a_value_the_database_would_refuse_is_a_warning(shop: Shop, value: object) -> None:
    result = upsert(shop, [("first_name", value), ("last_name", "Patient")])

    assert [warning.field for warning in result.warnings] == ["first_name"]
    assert Patient.objects.get().display_name == "Patient"


def test_an_unknown_field_is_dropped_with_a_warning(shop: Shop) -> None:
    result = upsert(shop, [("shoe_size", "42"), ("uid", "pp-1"), ("shop_fields", "{}")])

    assert result.warnings == [
        FieldWarning(name, "This field is not kept.")
        for name in ("shoe_size", "uid", "shop_fields")
    ]
    assert Patient.objects.get().extra_fields == {}


def test_a_field_on_the_organisations_list_is_kept(shop: Shop) -> None:
    shop.organisation.extra_patient_fields = ["tier", "newsletter"]

    upsert(shop, [("tier", "gold"), ("newsletter", 1)])
    upsert(shop, [("newsletter", True)])

    extra = Patient.objects.get().extra_fields
    assert extra == {"tier": "gold", "newsletter": True}
    assert extra["newsletter"] is True


def test_a_field_given_twice_takes_the_last_value_and_warns(shop: Shop) -> None:
    result = upsert(shop, [("first_name", "Paula"), ("first_name", "Pauline")])

    assert result.patient.first_name == "Pauline"
    assert [warning.field for warning in result.warnings] == ["first_name"]


def test_what_the_patient_typed_holds_until_the_shops_value_changes(shop: Shop) -> None:
    upsert(shop, PROFILE)
    Patient.objects.update(phone="+4930555555")

    upsert(shop, PROFILE)
    assert Patient.objects.get().phone == "+4930555555"

    upsert(shop, [("phone", "030 901821")])
    assert Patient.objects.get().phone == "+4930901821"


def test_another_spelling_of_the_same_value_is_no_change(
    shop: Shop, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    upsert(shop, PROFILE)

    with django_assert_num_queries(1):
        upsert(shop, [("phone", "+49 30 901820"), ("email", "PAULA@patients.example")])


def test_the_same_customer_id_in_two_shops_is_two_patients(shop: Shop) -> None:
    other = make_shop(organisation=shop.organisation)

    assert upsert(shop, PROFILE).patient != upsert(other, PROFILE).patient
    assert patients.find(other, "customer-1") == Patient.objects.get(shop=other)


@pytest.mark.parametrize("customer", ["nobody", "a\0b", "\ud800"])
def test_an_unknown_customer_is_found_to_be_none(shop: Shop, customer: str) -> None:
    make_patient(shop=shop)

    assert patients.find(shop, customer) is None


@pytest.mark.parametrize("customer", ["", "  ", "x" * 256, "a\0b", "\ud800"])
def test_a_customer_id_that_cannot_be_stored_is_refused(shop: Shop, customer: str) -> None:
    with pytest.raises(Invalid, match="shop_customer_id"):
        patients.upsert(shop, customer, [], now=NOW)

    assert Patient.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_parallel_first_calls_make_one_patient_and_no_error() -> None:
    shop = make_shop(organisation=make_organisation())
    callers = 6
    none_has_written = Barrier(callers)
    find = patients.find

    def find_together(shop: Shop, customer: str) -> Patient | None:
        found = find(shop, customer)
        none_has_written.wait()
        return found

    def call(number: int) -> UpsertedPatient:
        try:
            return upsert(shop, [("first_name", f"Paula {number}")])
        finally:
            connection.close()

    with (
        patch.object(patients, "find", find_together),
        ThreadPoolExecutor(callers) as pool,
    ):
        results = list(pool.map(call, range(callers)))

    assert Patient.objects.count() == 1
    assert [result.is_new for result in results].count(True) == 1
    assert {result.patient.pk for result in results} == {Patient.objects.get().pk}


def test_an_edit_between_reading_and_locking_is_not_lost(shop: Shop) -> None:
    upsert(shop, PROFILE)
    stale = patients.find(shop, "customer-1")
    upsert(shop, [("phone", "030 901821")])
    Patient.objects.update(phone="+4930555555")  # what the patient typed after that

    with patch.object(patients, "find", return_value=stale):
        upsert(shop, [("phone", "030 901821"), ("first_name", "Pauline")])

    row = Patient.objects.get()
    assert (row.first_name, row.phone) == ("Pauline", "+4930555555")
